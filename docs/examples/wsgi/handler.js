// unicorn docs/examples/wsgi/handler.js
const REASONS = { 200: 'OK', 201: 'Created', 404: 'Not Found', 405: 'Method Not Allowed' }

/** One object handles one request. A subclass has a method for each HTTP method that it supports. */
export class Handler {
  constructor(environ, startResponse) {
    this.environ = environ
    this.startResponse = startResponse
  }

  /** The class as an application. */
  static get application() {
    return (environ, startResponse) => new this(environ, startResponse).handle()
  }

  handle() {
    const method = this.environ.REQUEST_METHOD.toLowerCase()
    const name = method === 'head' ? 'get' : method
    return this.constructor.methods.includes(name) ? this[name]() : this.respond(405, 'Not here.\n')
  }

  respond(status, text, headers = []) {
    this.startResponse(`${status} ${REASONS[status]}`, [['Content-Type', 'text/plain; charset=utf-8'], ...headers])
    return [text]
  }
}

/** A list of lines that clients read and add to. Each worker has its own: shared state belongs in a database. */
class Guestbook extends Handler {
  static methods = ['get', 'post']
  static entries = []

  get() {
    return this.respond(200, Guestbook.entries.map(entry => `${entry}\n`).join(''))
  }

  async post() {
    const entry = await this.environ['wsgi.input'].readline(200)
    Guestbook.entries.push(entry.toString().trimEnd())
    return this.respond(201, 'Thank you.\n', [['Location', this.environ.SCRIPT_NAME || '/']])
  }
}

export const application = Guestbook.application
