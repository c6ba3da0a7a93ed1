// Renders ZPL until standard input ends. A line asks: {"zpl", "width", "height", "dpmm"} (millimetres);
// a line answers: {"labels": [PNG in base64, …]} or {"error": sentence}.
import { createInterface } from "node:readline";
import { ready } from "zpl-renderer-js";

const { api } = await ready;
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { zpl, width, height, dpmm } = JSON.parse(line);
    answer = { labels: await api.zplToBase64MultipleAsync(zpl, width, height, dpmm) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
