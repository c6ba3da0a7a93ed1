"""Words for codes in Spanish."""

from typing import Final

SIGNALS: Final = {
    "accepted": "OK",
    "duplicate": "REPETIDO",
    "unknown": "SIN DATOS",
    "mismatch": "ERROR",
    "hold": "ESPERE",
    "stop": "ALTO",
}

DISPOSITIONS: Final = {
    "return_to_stock": "Volver a existencias",
    "return_to_stock_resale": "Vender como usado",
    "quarantine": "Cuarentena",
    "hold_for_merchant": "Retener para el comercio",
    "rework": "Reacondicionar",
    "repair": "Reparar",
    "return_to_vendor": "Devolver al proveedor",
    "transfer": "Traslado",
    "liquidate": "Liquidar",
    "ship_back_to_customer": "Reenviar al cliente",
    "donate": "Donar",
    "recycle": "Reciclar",
    "scrap": "Desechar",
}
GRADES: Final = {"grade_a": "A", "grade_b": "B", "grade_c": "C", "grade_d": "D", "junk": "BAJA"}

REASONS: Final = {
    "refund.no_order": "no se conoce la línea del pedido",
    "refund.price_missing": "falta un precio",
    "refund.payment_missing": "no se conoce el pago",
    "refund.more_than_sold": "más piezas de las vendidas",
    "refund.more_than_paid": "más dinero del que queda",
    "refund.expired": "la devolución llegó fuera de plazo",
    "refund.several_payments": "hay varios pagos",
    "refund.unit_needs_human": "una unidad requiere revisión",
    "refund.vendor_credit": "primero paga el proveedor",
    "stock.needs_human": "alguien debe autorizar su reventa",
}

CAPTIONS: Final = {"parcel": "PAQUETE", "sku": "SKU", "lot": "LOTE", "expiry": "VENCE", "reprint": "COPIA"}

ROLES: Final = {"worker": "operario", "supervisor": "supervisor"}

NOTED: Final = {
    "carrier": "transportista",
    "manifest": "manifiesto",
    "seal": "precinto",
    "piece": "bulto",
    "damage": "daño",
    "weight": "peso",
}

PURPOSES: Final = {
    "restock": "existencias",
    "resale": "usados",
    "quarantine": "cuarentena",
    "hazard": "peligro",
    "hold": "retención",
    "rework": "reacondicionar",
    "repair": "reparación",
    "vendor": "proveedor",
    "transfer": "traslado",
    "liquidate": "liquidación",
    "ship_back": "reenvío",
    "donate": "donación",
    "recycle": "reciclaje",
    "scrap": "desecho",
    "property": "objetos hallados",
}

FAULTS: Final = {
    "scan.check_digit": "el dígito de control no coincide. Escanee otra vez.",
    "scan.routing": "es el código de ruta de DHL, no el número del paquete. Escanee el otro código grande de la etiqueta.",
    "scan.glued": "llegaron dos códigos juntos. Escanéelos por separado.",
    "scan.format": "el formato del código no es correcto. Escanee otra vez.",
    "scan.date": "la fecha no es correcta. Escanee otra vez.",
    "scan.too_long": "demasiado largo. Escanee un solo código; compruebe que el lector termine cada uno con Intro.",
    "scan.empty": "no llegó ningún carácter. Escanee otra vez.",
    "scan.control": "contiene caracteres de control. Escanee otra vez.",
    "scan.command": "no es una orden. HELP indica qué se puede hacer aquí.",
    "scan.answer": "el número de respuesta no es válido. Escanee otra vez.",
    "scan.quantity": "la cantidad no es válida. Escanee otra vez.",
    "scan.other": "no se puede leer. Escanee otra vez.",
}

TERMS: Final = {
    # what was seen
    "scratched": "rayado",
    "worn": "gastado",
    "stained": "manchado",
    "broken": "roto",
    "torn": "rasgado",
    "empty": "vacío",
    "tags_missing": "sin etiquetas",
    "no_power": "no enciende",
    "activation_locked": "bloqueado por cuenta",
    "seal_broken": "sello roto",
    "component_missing": "falta una parte",
    "leak": "fuga",
    "battery_damaged": "batería dañada",
    "biohazard": "riesgo biológico",
    "found_property": "objeto hallado",
    # outside of a parcel, and why it was refused
    "crushed": "aplastado",
    "wet": "mojado",
    "opened": "abierto",
    "label": "etiqueta dañada",
    "damaged": "dañado por fuera",
    "not_ours": "no es para nosotros",
    "no_papers": "sin documentos",
    "undelivered": "no entregado",
    # states of a container
    "open": "abierta",
    "closed": "cerrada",
    "put_away": "ubicada",
    # facts a decision looked at
    "grade": "grado",
    "grade_a": "A",
    "grade_b": "B",
    "grade_c": "C",
    "grade_d": "D",
    "junk": "baja",
    "packaging": "embalaje",
    "factory_sealed": "sellado de fábrica",
    "missing": "sin embalaje",
    "identity": "identidad",
    "matched": "coincide",
    "mismatch_class": "otro artículo",
    "mismatch_instance": "otro número de serie",
    "mismatch_quantity": "otra cantidad",
    "unverified": "sin comprobar",
    "product_type": "tipo de artículo",
    "default": "general",
    "apparel": "ropa",
    "electronics": "electrónica",
    "grocery": "alimentos",
    "beauty": "belleza",
    "return_type": "tipo de devolución",
    "expected": "anunciada",
    "blind": "sin aviso",
    "rts": "no entregada",
    "hazard": "peligro",
    "finding": "hallazgo",
    "matched_order": "con pedido",
    "expired": "vencido",
    "cause": "causa",
    "customer": "cliente",
    "carrier": "transportista",
    "warehouse": "almacén",
    "manufacturer": "fabricante",
    "distributor": "distribuidor",
    "rma": "autorizada",
    "unexpected_item": "artículo inesperado",
    "bulk": "a granel",
    "lithium_battery": "batería de litio",
    "yes": "sí",
    "no": "no",
}

CHOICES: Final = {
    "confirm_blind.blind": "Recibir como devolución sin aviso",
    "confirm_blind.again": "Escanear otra vez",
    "confirm_unknown.take": "Recibir como artículo desconocido",
    "confirm_unknown.again": "Escanear otra vez",
    "confirm_empty.yes": "El paquete está vacío",
    "confirm_empty.no": "Seguir escaneando",
    "receive_again.yes": "Otro bulto de la misma",
    "receive_again.no": "El mismo bulto",
    "stop_kind.stop_leak": "Tiene una fuga",
    "stop_kind.stop_battery": "Batería dañada o caliente",
    "stop_kind.stop_biohazard": "Sangre, moho, agujas",
    "stop_kind.stop_property": "Pertenencias de alguien",
}

PHRASES: Final = {
    "Everything is there": "Está todo",
    "Found property": "Objeto hallado",
    "Parcel without label": "Paquete sin etiqueta",
    "No rule fits it.": "Ninguna regla se aplica.",
    "Chosen at the dock.": "Elegido en el muelle.",
    "Own truck": "Camión propio",
    "Another carrier": "Otro transportista",
    "Crushed": "Aplastado",
    "Torn or holed": "Rasgado o perforado",
    "Wet": "Mojado",
    "Opened or taped again": "Abierto o vuelto a cerrar",
    "Label damaged": "Etiqueta dañada",
}
LEADS: Final = {"Missing: ": "Falta: ", "Unknown item ": "Artículo desconocido "}

# What devices tell, by its code; without one here it is told in their own English.
NOTICES: Final = {
    "scanner.unplugged": "El lector {device} está desconectado.",
    "scanner.reconnected": "El lector {device} vuelve a estar conectado.",
    "scanner.half_scan_discarded": "Lector {device}: se descartó un escaneo incompleto. Escanee otra vez.",
    "scanner.unavailable": "El lector {device} no está disponible. Avise a un supervisor.",
    "scale.scale_none": "No hay báscula configurada. Escriba el peso.",
    "scale.scale_empty": "La báscula {device} está vacía. Ponga el paquete.",
    "scale.scale_silent": "La báscula {device} no responde. Revise corriente y cable, o escriba el peso.",
    "scale.scale_overload": "La báscula {device} está sobrecargada. Retire el paquete y péselo en otra.",
    "scale.scale_negative": "La báscula {device} marca menos de cero. Vacíela, póngala a cero y pese otra vez.",
    "scale.scale_broken": "La báscula {device} informa de un fallo. Apáguela y enciéndala.",
    "scale.scale_words": "La respuesta de la báscula {device} no es un peso. Avise a un supervisor.",
    "scale.scale_motion": "La báscula {device} no se estabiliza. Suelte el paquete y pese otra vez.",
    "print.again": "La impresora vuelve a estar lista para las etiquetas en espera.",
    "print.printer_out_of_paper": "La impresora {device} no tiene etiquetas. Ponga un rollo.",
    "print.printer_out_of_ribbon": "La impresora {device} no tiene cinta. Ponga una.",
    "print.printer_head_open": "El cabezal de la impresora {device} está abierto. Ciérrelo.",
    "print.printer_too_hot": "El cabezal de la impresora {device} está demasiado caliente. Espere a que se enfríe.",
    "print.printer_paused": "La impresora {device} está en pausa. Pulse PAUSE en la impresora.",
    "print.printer_silent": "La impresora {device} no responde. Revise corriente y cable.",
    "print.printer_none": "No hay impresora configurada.",
    "print.device_unplugged": "La impresora {device} no está conectada. Revise el cable.",
    "print.device_silent": "La impresora {device} no responde. Revise corriente y cable.",
    "print.device_refused": "La impresora {device} rechaza la conexión. Avise a un supervisor.",
    "print.device_hung_up": "Se cortó la conexión con la impresora {device}. Revise corriente y cable.",
    "print.device_unreachable": "No se llega a la impresora {device}. Revise corriente y cable.",
    "print.other": "La etiqueta no se imprimió. {sentence}",
    "printer.stopped": "La impresora {device} se detuvo. Revísela.",
}
