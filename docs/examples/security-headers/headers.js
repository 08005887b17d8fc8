/**
 * The headers of the applications beside this file, and the middleware that sets them.
 */
const HEADERS = [
  ['Content-Security-Policy', "default-src 'self'; frame-ancestors 'self'"],
  ['Referrer-Policy', 'no-referrer'],
  ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
  ['X-Content-Type-Options', 'nosniff'],
]

/** Wraps a wsgi application: adds the headers that the application does not set itself. */
export function secureWsgi(application) {
  return (environ, startResponse) => {
    const start = (status, headers, excInfo) => {
      const own = new Set(headers.map(([name]) => name.toLowerCase()))
      return startResponse(status, [...headers, ...HEADERS.filter(([name]) => !own.has(name.toLowerCase()))], excInfo)
    }
    return application(environ, start)
  }
}

/** Wraps a handler of node:http, which may still change the headers. */
export function secureNode(handler) {
  return (req, res) => {
    for (const [name, value] of HEADERS) res.setHeader(name, value)
    return handler(req, res)
  }
}
