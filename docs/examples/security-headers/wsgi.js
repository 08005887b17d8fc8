/**
 * Security headers for a wsgi application:
 *   unicorn --bind 127.0.0.1:8000 wsgi.js
 */
import { secureWsgi } from './headers.js'

function page(environ, startResponse) {
  startResponse('200 OK', [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Referrer-Policy', 'same-origin'],
  ])
  return [`<p>Hello, ${environ.PATH_INFO === '/' ? 'world' : 'stranger'}!</p>`]
}

export const application = secureWsgi(page)
