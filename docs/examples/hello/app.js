/**
 * The smallest application. It is called once for each request, as PEP 3333 calls a Python application.
 * `npm start` serves it; `unicorn --chdir docs/examples/hello app:application` does the same by hand.
 */
export function application(environ, startResponse) {
  startResponse('200 OK', [['Content-Type', 'text/plain; charset=utf-8']])
  return [`Hello from ${environ.PATH_INFO}, served by worker ${process.pid}\n`]
}
