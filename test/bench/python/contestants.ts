import { unicornBin } from '../../helpers/root.js'
import type { Lane } from '../table.js'
import type { Environment } from './environment.js'

export interface Wanted {
  /** As `module:attribute`. */
  readonly app: string
  readonly processes: number
  readonly port: number
}

/** A server for applications in Python. */
export interface Contestant extends Lane {
  /** Closes each connection without announcing it. */
  readonly closes?: boolean
  /** What it needs: a package of the environment, or the command `uwsgi`. */
  readonly needs?: 'gunicorn' | 'granian' | 'uvicorn' | 'uwsgi'
  command(environment: Environment, wanted: Wanted): string[]
}

function ours(name: string, ...more: readonly string[]): Contestant {
  return {
    name,
    ours: true,
    command: ({ python }, { app, processes, port }) => [
      ...[process.execPath, unicornBin, '--log-level', 'warn', '--python', python, '--bind', `127.0.0.1:${port}`],
      ...['--workers', String(processes), ...more, app],
    ],
  }
}

function gunicorn(name: string, ...more: readonly string[]): Contestant {
  return {
    name: `Gunicorn ${name}`,
    ours: false,
    needs: 'gunicorn',
    command: ({ python }, { app, processes, port }) => [
      ...[python, '-m', 'gunicorn', '--log-level', 'warning', '--bind', `127.0.0.1:${port}`],
      ...['--workers', String(processes), ...more, app],
    ],
  }
}

/** @param router  HTTP by a process of its own, which keeps connections alive */
function uwsgi(router: boolean): Contestant {
  return {
    name: router ? 'uWSGI, HTTP router' : 'uWSGI',
    ours: false,
    closes: !router,
    needs: 'uwsgi',
    command: ({ prefix }, { app, processes, port }) => [
      ...['uwsgi', '--plugins', router ? 'http,python3' : 'python3', '--master', '--need-app', '--die-on-term'],
      ...['--disable-logging', '--processes', String(processes), '--module', app],
      ...[router ? '--http' : '--http-socket', `127.0.0.1:${port}`, ...(router ? ['--http-keepalive=1'] : [])],
      ...(prefix === undefined ? [] : ['--virtualenv', prefix]),
    ],
  }
}

/** One thread for each process, as the others have. */
function granianOf(kind: 'wsgi' | 'asginl', ...more: readonly string[]): Contestant {
  return {
    name: 'Granian',
    ours: false,
    needs: 'granian',
    command: ({ python }, { app, processes, port }) => [
      ...[python, '-m', 'granian', '--interface', kind, '--log-level', 'warning', '--no-ws', '--host', '127.0.0.1'],
      ...['--port', String(port), '--workers', String(processes), ...more, app],
    ],
  }
}

export const unicorn = ours('unicorn')
export const unicornPreload = ours('unicorn, preload', '--preload')
/** Closes every connection. */
export const gunicornSync = gunicorn('sync')
export const gunicornThreads = gunicorn('gthread', '--worker-class', 'gthread', '--threads', '4')
/** As many requests at once as the others have. */
export const gunicornThread = gunicorn('gthread', '--worker-class', 'gthread', '--threads', '1')
export const gunicornPreload = gunicorn('preload', '--preload')
export const gunicornFrozen = gunicorn('frozen', '--preload', '--config', 'python:frozen')
export const uwsgiSocket = uwsgi(false)
export const uwsgiRouter = uwsgi(true)
export const granian = granianOf('wsgi', '--blocking-threads', '1')
export const granianAsgi = granianOf('asginl')
export const uvicorn: Contestant = {
  name: 'Uvicorn',
  ours: false,
  needs: 'uvicorn',
  command: ({ python }, { app, processes, port }) => [
    ...[python, '-m', 'uvicorn', '--log-level', 'warning', '--host', '127.0.0.1', '--port', String(port)],
    ...['--workers', String(processes), app],
  ],
}
