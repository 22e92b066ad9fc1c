import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** How a server of files behaves. */
export interface ServerManners {
  /** Understands `Range: bytes=N-`. */
  readonly ranges: boolean;
  /** Closes the connection after so many bytes of each answer. */
  readonly dropAfter: number | null;
}

/** A server of files on this machine, gone after the running test. */
export interface FileServer {
  readonly url: string;
  /** Files by path, such as `/a/b.gz`; may change while it serves. */
  readonly files: Map<string, Uint8Array>;
  /** What it was asked, as `path` or `path from N`. */
  readonly asked: string[];
  manners: ServerManners;
}

export async function startFileServer(): Promise<FileServer> {
  const served: Omit<FileServer, 'url'> = {
    files: new Map(),
    asked: [],
    manners: { ranges: true, dropAfter: null },
  };
  const server = createServer((request, response) => answer(served, request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return Object.assign(served, { url: `http://127.0.0.1:${port}` });
}

function answer(
  { files, asked, manners }: Omit<FileServer, 'url'>,
  { url = '', headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  asked.push(from > 0 ? `${url} from ${from}` : url);
  const file = files.get(url);
  if (!file) {
    response.writeHead(404).end('not found');
    return;
  }
  const partial = from > 0 && manners.ranges;
  const body = partial ? file.subarray(from) : file;
  response.writeHead(partial ? 206 : 200, {
    'content-length': body.length,
    // Browsers take no module without it.
    ...(url.endsWith('.js') && { 'content-type': 'text/javascript' }),
    ...(partial && { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` }),
  });
  if (manners.dropAfter === null || manners.dropAfter >= body.length) {
    response.end(body);
  } else {
    response.write(body.subarray(0, manners.dropAfter), () => {
      setTimeout(() => response.destroy(), 20);
    });
  }
}
