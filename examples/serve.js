// Serves the page to this machine and its network, a phone for instance: `npm run example`.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';

const page = await readFile(new URL('draw-a-digit.html', import.meta.url));
const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
});
server.listen(Number(process.env.PORT ?? 8080), () => {
  const addresses = Object.values(networkInterfaces()).flat();
  for (const { family, address } of addresses) {
    if (family === 'IPv4') console.log(`http://${address}:${server.address().port}/`);
  }
});
