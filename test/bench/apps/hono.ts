import { Hono } from 'hono'

/** The same small answer by a framework of the fetch interface. */
export const application = new Hono().get('/', c => c.text('Hello, world!'))

export const respond = application.fetch
