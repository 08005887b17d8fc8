import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import type { Bench } from '../measure.js'
import { type Folder, install, pathOf } from '../npm.js'
import { installPm2, PM2_VERSION } from '../pm2.js'

/** A server that may be there to compare with, or not. */
export interface Peer {
  readonly name: string
  /** @throws Error that says why it is not there */
  find(bench: Pick<Bench, 'say' | 'signal'>): Found | Promise<Found>
}

export interface Found {
  /** Its command, or the directory that has it. */
  readonly path: string
  readonly version: string
}

const BUN: Folder = { name: 'bench-bun', packages: ['bun@1.4.4'] }
const UWS: Folder = { name: 'bench-uws', packages: ['uNetworking/uWebSockets.js#v20.52.0'] }
const NODE = `node-linux-${process.arch}`
const WATT: Folder = {
  name: 'bench-watt',
  packages: ['wattpm@3.65.0', '@platformatic/node@3.65.0', `${NODE}@24.22.3`],
}
/** Of `npm run bench:python`. */
const VENV = pathOf({ name: 'bench-python', packages: [] })

export const PEERS = {
  nginx: {
    name: 'nginx',
    find() {
      // Debian's is on the PATH of root alone.
      const path = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx'
      return { path, version: versionOf([path, '-v'], /nginx\/(\S+)/, 'nginx') }
    },
  },
  bun: {
    name: 'Bun',
    async find(bench) {
      await install(BUN, bench)
      const directory = `${pathOf(BUN)}node_modules/@oven/`
      const path = readdirSync(directory)
        .map(name => `${directory}${name}/bin/bun`)
        .find(existsSync)
      if (path === undefined) throw new Error(`no package in ${directory} has bin/bun`)
      return { path, version: versionOf([path, '--version'], /^(\S+)/) }
    },
  },
  uws: {
    name: 'uWebSockets.js',
    async find(bench) {
      await install(UWS, bench).catch((error: unknown) => {
        throw new Error(
          `it is not in the npm registry, and GitHub, where it is, was not reached: ${error instanceof Error ? error.message : error}`,
        )
      })
      return { path: pathOf(UWS), version: '20.52.0' }
    },
  },
  pm2: {
    name: 'PM2',
    async find(bench) {
      await installPm2(bench)
      return { path: '', version: PM2_VERSION }
    },
  },
  watt: {
    name: 'Watt',
    async find(bench) {
      await install(WATT, bench)
      const path = `${pathOf(WATT)}node_modules/`
      return { path, version: `3.65.0 on Node ${versionOf([`${path}${NODE}/bin/node`, '--version'], /v(\S+)/)}` }
    },
  },
  gunicorn: {
    name: 'Gunicorn',
    find() {
      const path = existsSync(`${VENV}bin/gunicorn`) ? `${VENV}bin/gunicorn` : 'gunicorn'
      return { path, version: versionOf([path, '--version'], /version (\S+)\)/, 'gunicorn') }
    },
  },
  uwsgi: command('uWSGI', {
    words: ['uwsgi', '--plugins', 'python3', '--version'],
    version: /^(\S+)/,
    debian: 'uwsgi-core uwsgi-plugin-python3',
  }),
  puma: command('Puma', { words: ['puma', '--version'], version: /version (\S+)/, debian: 'puma' }),
  // This server's own command has the same name, and may be on the PATH.
  ruby: command('Ruby Unicorn', { words: ['unicorn', '--version'], version: /^unicorn v(\S+)/, debian: 'unicorn' }),
  /** A client. */
  slowhttptest: command('slowhttptest', {
    words: ['slowhttptest', '-h'],
    version: /version (\S+)/,
    debian: 'slowhttptest',
  }),
} as const satisfies Record<string, Peer>

export type Need = keyof typeof PEERS

/** The command of Watt, with the Node that it needs. */
export function wattCommand({ path }: Found): string[] {
  return [`${path}${NODE}/bin/node`, `${path}wattpm/bin/cli.js`, 'start']
}

function command(
  name: string,
  { words, version, debian }: { words: readonly string[]; version: RegExp; debian: string },
): Peer {
  return { name, find: () => ({ path: words[0] ?? '', version: versionOf(words, version, debian) }) }
}

/** @throws Error if the command does not say it */
function versionOf(words: readonly string[], pattern: RegExp, debian?: string): string {
  const [name = '', ...args] = words
  const { stdout, stderr, error } = spawnSync(name, args, { encoding: 'utf8' })
  const version = pattern.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[1]
  if (version !== undefined) return version
  const advice = debian === undefined ? '' : ` (apt-get install ${debian})`
  throw new Error(`\`${words.join(' ')}\` ${error ? 'does not run' : 'says no version'}${advice}`)
}
