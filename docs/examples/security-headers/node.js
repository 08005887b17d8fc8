/**
 * Security headers for a handler of node:http:
 *   unicorn --bind 127.0.0.1:8000 node.js
 */
import { node } from 'unicorn'
import { secureNode } from './headers.js'

export const application = node(
  secureNode((_req, res) => {
    res.setHeader('Referrer-Policy', 'same-origin')
    res.setHeader('Content-Type', 'text/html; charset=utf-8')
    res.end('<p>Hello, world!</p>')
  }),
)
