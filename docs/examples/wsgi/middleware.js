// unicorn docs/examples/wsgi/middleware.js
import { application as hello } from './hello.js'

/** Wraps `startResponse` to add how long the application took to begin its response. */
export function timed(application) {
  return (environ, startResponse) => {
    const began = performance.now()
    const timedStart = (status, headers, excInfo) => {
      const milliseconds = (performance.now() - began).toFixed(1)
      return startResponse(status, [...headers, ['Server-Timing', `app;dur=${milliseconds}`]], excInfo)
    }
    return application(environ, timedStart)
  }
}

/** Serves an application below a path: moves the prefix from PATH_INFO to SCRIPT_NAME. */
export function mounted(prefix, application) {
  return (environ, startResponse) => {
    const { SCRIPT_NAME, PATH_INFO } = environ
    if (PATH_INFO !== prefix && !PATH_INFO.startsWith(`${prefix}/`)) {
      startResponse('404 Not Found', [['Content-Type', 'text/plain']])
      return ['Nothing here.\n']
    }
    const inner = { ...environ, SCRIPT_NAME: SCRIPT_NAME + prefix, PATH_INFO: PATH_INFO.slice(prefix.length) }
    return application(inner, startResponse)
  }
}

/** Changes the body, chunk by chunk, and passes on the `close()` that the body may have. */
export function upperCase(application) {
  return async (environ, startResponse) => {
    // Upper case may change the length, so leave Content-Length to the server.
    const start = (status, headers, excInfo) =>
      startResponse(
        status,
        headers.filter(([name]) => name.toLowerCase() !== 'content-length'),
        excInfo,
      )
    const body = await application(environ, start)
    if (typeof body === 'string') return body.toUpperCase()
    return {
      async *[Symbol.asyncIterator]() {
        for await (const chunk of body) yield typeof chunk === 'string' ? chunk.toUpperCase() : chunk
      },
      close: () => body.close?.(),
    }
  }
}

export const application = timed(mounted('/hello', upperCase(hello)))
