import { type Case, get, refused, served } from '../case.js'

// What a trusted proxy says of its client's scheme. Here all clients are trusted, for applications in Python.

export const schemes: readonly Case[] = [
  served('https', get('X-Forwarded-Proto: https')),
  served('https, three times', get('X-Forwarded-Proto: https', 'X-Forwarded-Protocol: ssl', 'X-Forwarded-Ssl: on')),
  served('http, three times', get('X-Forwarded-Proto: http', 'X-Forwarded-Protocol: http', 'X-Forwarded-Ssl: off')),
  served('other fields of a proxy', get('X-Forwarded-Host: b c', 'X-Real-Ip: x', 'Forwarded: for=')),
  refused('https and no ssl', get('X-Forwarded-Proto: https', 'X-Forwarded-Ssl: off')),
  refused('http and ssl', get('X-Forwarded-Proto: http', 'X-Forwarded-Protocol: ssl')),
  refused('https and http', get('X-Forwarded-Proto: https', 'X-FORWARDED-PROTO: http')),
]
