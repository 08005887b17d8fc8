import { isToken } from '../../wire/header-rules.js'
import { demand, show } from './breach.js'

/** What must be there, by its type. */
const TYPES = {
  string: [
    'REQUEST_METHOD',
    'SCRIPT_NAME',
    'PATH_INFO',
    'RAW_URI',
    'QUERY_STRING',
    'CONTENT_TYPE',
    'CONTENT_LENGTH',
    'SERVER_NAME',
    'SERVER_PORT',
    'SERVER_PROTOCOL',
    'SERVER_SOFTWARE',
    'REMOTE_ADDR',
    'REMOTE_PORT',
    'wsgi.url_scheme',
  ],
  boolean: ['wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once', 'wsgi.input_terminated'],
  function: ['wsgi.file_wrapper', 'wsgi.early_hints'],
}
const NOT_EMPTY = ['REQUEST_METHOD', 'SERVER_NAME', 'SERVER_PORT', 'SERVER_PROTOCOL']
const FORMS = { CONTENT_LENGTH: /^[0-9]*$/, SERVER_PORT: /^[0-9]+$/, 'wsgi.url_scheme': /^https?$/ }
const METHODS = {
  'wsgi.input': ['read', 'readline', 'readlines'],
  'wsgi.errors': ['write', 'writelines', 'flush'],
}

/** The rules of PEP 3333, "environ Variables", and what this server adds to them. @throws AssertionError */
export function checkEnviron(environ: unknown): asserts environ is Record<string, unknown> {
  demand(typeof environ === 'object' && environ !== null, `environ is ${show(environ)}, wanted an object`)
  demand(Object.getPrototypeOf(environ) === Object.prototype, 'environ is no plain object')
  const entries = new Map<string, unknown>(Object.entries(environ))
  for (const [type, names] of Object.entries(TYPES)) {
    for (const name of names) {
      const value = entries.get(name)
      demand(typeof value === type, `environ["${name}"] is ${show(value)}, wanted a ${type}`)
    }
  }
  for (const name of NOT_EMPTY) demand(entries.get(name) !== '', `environ["${name}"] is empty`)
  checkRequest(entries)
  checkHeaders(entries)
  checkServices(entries)
}

function checkRequest(entries: Map<string, unknown>): void {
  const text = (name: string): string => String(entries.get(name))
  demand(isToken(text('REQUEST_METHOD')), `${text('REQUEST_METHOD')} is no method`)
  const [script, path] = [text('SCRIPT_NAME'), text('PATH_INFO')]
  demand(script === '' || (script.startsWith('/') && !script.endsWith('/')), `SCRIPT_NAME is ${show(script)}`)
  demand(path === '' || path === '*' || path.startsWith('/'), `PATH_INFO is ${show(path)}, which does not begin with /`)
  demand(script !== '' || path !== '', 'SCRIPT_NAME and PATH_INFO are both empty: at the root PATH_INFO is /')
  for (const [name, form] of Object.entries(FORMS)) demand(form.test(text(name)), `${name} is ${show(text(name))}`)
  const version = entries.get('wsgi.version')
  demand(Array.isArray(version) && version.join() === '1,0', `wsgi.version is ${show(version)}, wanted [1, 0]`)
}

function checkHeaders(entries: Map<string, unknown>): void {
  for (const name of ['HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH']) {
    demand(!entries.has(name), `environ has ${name}: it is ${name.slice('HTTP_'.length)}`)
  }
  for (const [name, value] of entries) {
    if (name.startsWith('HTTP_')) demand(typeof value === 'string', `environ["${name}"] is ${show(value)}`)
  }
}

function checkServices(entries: Map<string, unknown>): void {
  for (const [name, methods] of Object.entries(METHODS)) {
    const service = entries.get(name)
    demand(typeof service === 'object' && service !== null, `environ["${name}"] is ${show(service)}`)
    for (const method of methods) {
      demand(typeof Reflect.get(service, method) === 'function', `environ["${name}"] has no method ${method}`)
    }
  }
  demand(entries.get('unicorn.signal') instanceof AbortSignal, 'environ["unicorn.signal"] is no AbortSignal')
}
