// Keeps requesting, one connection per request, until told to stop; then says who answered.
//
//   node client.mjs PORT
import { get } from "node:http";

const port = Number(process.argv[2]);
const answered = {};
const failed = [];
let sent = 0;
let stopping = false;
process.once("message", () => {
  stopping = true;
});

function request(number) {
  return new Promise((resolve) => {
    get({ host: "127.0.0.1", port, path: `/${number}`, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text) => {
        body += text;
      });
      response.on("end", () => {
        if (response.statusCode === 200) answered[body] = (answered[body] ?? 0) + 1;
        else failed.push(`${number}: status ${response.statusCode}`);
        resolve();
      });
    }).on("error", (error) => {
      failed.push(`${number}: ${error.message}`);
      resolve();
    });
  });
}

async function keepRequesting() {
  while (!stopping) await request(sent++);
}

await Promise.all(Array.from({ length: 4 }, keepRequesting));
process.send({ sent, answered, failed });
process.disconnect();
