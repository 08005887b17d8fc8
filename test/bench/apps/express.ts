import express from 'express'

/** The same small answer by Express. */
export const handler = express().get('/', (_req, res) => {
  res.send('Hello, world!')
})
