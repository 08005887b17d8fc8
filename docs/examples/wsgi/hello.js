// unicorn docs/examples/wsgi/hello.js
export function application(environ, startResponse) {
  startResponse('200 OK', [['Content-Type', 'text/plain; charset=utf-8']])
  return [`Hello, ${environ.PATH_INFO.slice(1) || 'world'}!\n`]
}
