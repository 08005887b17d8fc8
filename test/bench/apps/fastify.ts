import fastify from 'fastify'

/** The same small answer by Fastify, whose applications are no functions: they listen by themselves. */
export const handler = fastify().get('/', (_req, reply) => {
  reply.send('Hello, world!')
})
