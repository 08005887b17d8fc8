import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { run } from '../helpers/run.js'
import { shortDir } from '../helpers/short-dir.js'

/** Where Debian puts the programs of each release. */
const RELEASES = '/usr/lib/postgresql'
const USER = 'postgres'

export interface Postgres {
  /** The directory of its unix socket. */
  readonly host: string
  /** Its user, who needs no password. */
  readonly user: string
  /** How many connections it has besides the one that asks. */
  connections(): Promise<number>
}

/** A PostgreSQL of the test's own, on a unix socket. It does not run as root. */
export async function startPostgres(t: Test): Promise<Postgres> {
  const programs = join(RELEASES, newest(), 'bin')
  const host = shortDir(t)
  const data = join(host, 'data')
  const isRoot = process.getuid?.() === 0
  const as = isRoot ? ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'] : []
  const call = (program: string, ...args: readonly string[]): Promise<string> =>
    run([...as, join(programs, program), ...args], { cwd: host })
  if (isRoot) await run(['chown', USER, host], { cwd: host })
  await call('initdb', '-D', data, '-U', USER, '-A', 'trust', '--no-sync')
  await call('pg_ctl', '-D', data, '-l', join(host, 'log'), '-w', '-o', `-F -k ${host} -c listen_addresses=`, 'start')
  atEnd(t, () => call('pg_ctl', '-D', data, '-m', 'fast', '-w', 'stop'))
  const others = `select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`
  return {
    host,
    user: USER,
    connections: async () => Number(await call('psql', '-h', host, '-U', USER, '-tAc', others)),
  }
}

function newest(): string {
  try {
    const [release] = readdirSync(RELEASES).sort((one, other) => Number(other) - Number(one))
    if (release !== undefined) return release
  } catch {}
  throw new Error(`found no PostgreSQL in ${RELEASES}: wanted Debian's package, apt-get install postgresql`)
}
