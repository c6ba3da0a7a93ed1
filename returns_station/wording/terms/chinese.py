"""Words for codes in simplified Chinese."""

from typing import Final

SIGNALS: Final = {
    "accepted": "成功",
    "duplicate": "重复",
    "unknown": "未知",
    "mismatch": "不符",
    "hold": "注意",
    "stop": "停止",
}

DISPOSITIONS: Final = {
    "return_to_stock": "退回库存",
    "return_to_stock_resale": "二手销售",
    "quarantine": "隔离",
    "hold_for_merchant": "待商家处理",
    "rework": "返工",
    "repair": "维修",
    "return_to_vendor": "退回供应商",
    "transfer": "调拨",
    "liquidate": "清仓处理",
    "ship_back_to_customer": "寄回客户",
    "donate": "捐赠",
    "recycle": "回收",
    "scrap": "报废",
}
GRADES: Final = {"grade_a": "A", "grade_b": "B", "grade_c": "C", "grade_d": "D", "junk": "废品"}

REASONS: Final = {
    "refund.no_order": "没有对应的订单行",
    "refund.price_missing": "缺少价格",
    "refund.payment_missing": "付款记录不明",
    "refund.more_than_sold": "件数超过销售数量",
    "refund.more_than_paid": "金额超过剩余可退金额",
    "refund.expired": "退货已过期限",
    "refund.several_payments": "有多笔付款",
    "refund.unit_needs_human": "有货件需要人工处理",
    "refund.vendor_credit": "须先由供应商付款",
    "stock.needs_human": "再次销售须人工批准",
}

CAPTIONS: Final = {"parcel": "包裹", "sku": "SKU", "lot": "批次", "expiry": "有效期", "reprint": "重印"}

ROLES: Final = {"worker": "操作员", "supervisor": "主管"}

NOTED: Final = {
    "carrier": "承运商",
    "manifest": "装车清单",
    "seal": "封条",
    "piece": "件号",
    "damage": "外观破损",
    "weight": "重量",
}

PURPOSES: Final = {
    "restock": "退回库存",
    "resale": "二手销售",
    "quarantine": "隔离",
    "hazard": "危险品",
    "hold": "暂存",
    "rework": "返工",
    "repair": "维修",
    "vendor": "供应商",
    "transfer": "调拨",
    "liquidate": "清仓",
    "ship_back": "寄回",
    "donate": "捐赠",
    "recycle": "回收",
    "scrap": "报废",
    "property": "失物",
}

FAULTS: Final = {
    "scan.check_digit": "校验位不对，请重新扫描。",
    "scan.routing": "这是 DHL 的分拣码，不是包裹号。请扫描标签上另一个大条码。",
    "scan.glued": "两个条码连在了一起，请分开扫描。",
    "scan.format": "条码格式不对，请重新扫描。",
    "scan.date": "日期不对，请重新扫描。",
    "scan.too_long": "内容过长。请一次只扫一个条码，并检查扫描枪是否以回车结尾。",
    "scan.empty": "没有扫到字符，请重新扫描。",
    "scan.control": "含有控制字符，请重新扫描。",
    "scan.command": "没有这个命令。扫描 HELP 查看这里可用的操作。",
    "scan.answer": "答案编号超出范围，请重新扫描。",
    "scan.quantity": "数量超出范围，请重新扫描。",
    "scan.other": "无法读取，请重新扫描。",
}

TERMS: Final = {
    # what was seen
    "scratched": "划痕",
    "worn": "磨损",
    "stained": "污渍",
    "broken": "破损",
    "torn": "破裂",
    "empty": "空盒",
    "tags_missing": "缺吊牌",
    "no_power": "不通电",
    "activation_locked": "账户锁定",
    "seal_broken": "封口破损",
    "component_missing": "缺少部件",
    "leak": "泄漏",
    "battery_damaged": "电池损坏",
    "biohazard": "生物危害",
    "found_property": "他人物品",
    # outside of a parcel, and why it was refused
    "crushed": "压坏",
    "wet": "受潮",
    "opened": "已开封",
    "label": "标签损坏",
    "damaged": "外观破损",
    "not_ours": "非我方包裹",
    "no_papers": "缺少单据",
    "undelivered": "未妥投",
    # states of a container
    "open": "使用中",
    "closed": "已关闭",
    "put_away": "已上架",
    # facts a decision looked at
    "grade": "等级",
    "grade_a": "A",
    "grade_b": "B",
    "grade_c": "C",
    "grade_d": "D",
    "junk": "废品",
    "packaging": "包装",
    "factory_sealed": "原厂密封",
    "missing": "无包装",
    "identity": "核对结果",
    "matched": "相符",
    "mismatch_class": "商品不符",
    "mismatch_instance": "序列号不符",
    "mismatch_quantity": "数量不符",
    "unverified": "未核对",
    "product_type": "商品类型",
    "default": "一般",
    "apparel": "服装",
    "electronics": "电子产品",
    "grocery": "食品",
    "beauty": "美妆",
    "return_type": "退货类型",
    "expected": "已预告",
    "blind": "无预告",
    "rts": "未妥投",
    "hazard": "危险",
    "finding": "发现",
    "matched_order": "有订单",
    "expired": "已过期",
    "cause": "原因",
    "customer": "客户",
    "carrier": "承运商",
    "warehouse": "仓库",
    "manufacturer": "厂家",
    "distributor": "经销商",
    "rma": "已授权退货",
    "unexpected_item": "意外商品",
    "bulk": "批量",
    "lithium_battery": "锂电池",
    "yes": "是",
    "no": "否",
}

CHOICES: Final = {
    "confirm_blind.blind": "按无预告退货收下",
    "confirm_blind.again": "重新扫描",
    "confirm_unknown.take": "按未知商品收下",
    "confirm_unknown.again": "重新扫描",
    "confirm_empty.yes": "包裹是空的",
    "confirm_empty.no": "继续扫描",
    "receive_again.yes": "同一退货的另一箱",
    "receive_again.no": "就是同一箱",
    "stop_kind.stop_leak": "有泄漏",
    "stop_kind.stop_battery": "电池损坏或发热",
    "stop_kind.stop_biohazard": "血迹、霉变、针头",
    "stop_kind.stop_property": "他人物品",
}

PHRASES: Final = {
    "Everything is there": "部件齐全",
    "Found property": "他人物品",
    "Parcel without label": "无标签包裹",
    "No rule fits it.": "没有适用的规则。",
    "Chosen at the dock.": "由现场选定。",
    "Own truck": "自有车辆",
    "Another carrier": "其他承运商",
    "Crushed": "压坏",
    "Torn or holed": "破裂或有洞",
    "Wet": "受潮",
    "Opened or taped again": "被拆开或重新封过",
    "Label damaged": "标签损坏",
}
LEADS: Final = {"Missing: ": "缺少：", "Unknown item ": "未知商品 "}

# What devices tell, by its code; without one here it is told in their own English.
NOTICES: Final = {
    "scanner.unplugged": "扫描枪 {device} 已拔出。",
    "scanner.reconnected": "扫描枪 {device} 已重新连接。",
    "scanner.half_scan_discarded": "扫描枪 {device}：未完成的扫描已丢弃，请重新扫描。",
    "scanner.unavailable": "扫描枪 {device} 无法使用，请找主管。",
    "scale.scale_none": "没有配置电子秤，请输入重量。",
    "scale.scale_empty": "电子秤 {device} 上没有东西，请放上包裹。",
    "scale.scale_silent": "电子秤 {device} 没有回应，请检查电源和线缆，或输入重量。",
    "scale.scale_overload": "电子秤 {device} 超载，请取下包裹，在别处称重。",
    "scale.scale_negative": "电子秤 {device} 低于零，请清空、归零后重新称重。",
    "scale.scale_broken": "电子秤 {device} 报告故障，请关机再开。",
    "scale.scale_words": "电子秤 {device} 的回应不是重量，请找主管。",
    "scale.scale_motion": "电子秤 {device} 没有稳定，请松手后重新称重。",
    "print.again": "打印机已恢复，等待的标签将继续打印。",
    "print.printer_out_of_paper": "打印机 {device} 缺标签纸，请装入标签卷。",
    "print.printer_out_of_ribbon": "打印机 {device} 碳带用完，请装入碳带。",
    "print.printer_head_open": "打印机 {device} 的打印头没有合上，请合上。",
    "print.printer_too_hot": "打印机 {device} 的打印头过热，冷却后会继续。",
    "print.printer_paused": "打印机 {device} 已暂停，请按打印机上的 PAUSE 键。",
    "print.printer_silent": "打印机 {device} 没有回应，请检查电源和线缆。",
    "print.printer_none": "没有配置打印机。",
    "print.device_unplugged": "打印机 {device} 没有连接，请检查线缆。",
    "print.device_silent": "打印机 {device} 没有回应，请检查电源和线缆。",
    "print.device_refused": "打印机 {device} 拒绝连接，请找主管。",
    "print.device_hung_up": "与打印机 {device} 的连接中断，请检查电源和线缆。",
    "print.device_unreachable": "无法连接打印机 {device}，请检查电源和线缆。",
    "print.other": "标签没有打印。{sentence}",
    "printer.stopped": "打印机 {device} 停止工作，请检查。",
}
