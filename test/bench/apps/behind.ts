import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * A proxy on a port, and a server behind it on a unix socket, which end together.
 *
 * Run as: node behind.js nginx|haproxy|send-proxy-v2 PORT COMMAND...   with SOCKET in the command
 */
const [kind = '', port = '', ...command] = process.argv.slice(2)

const directory = mkdtempSync(join(tmpdir(), 'b-'))
const socket = join(directory, 's')
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

const NGINX = `
  daemon off; worker_processes 1; pid ${directory}/nginx.pid; ${process.getuid?.() === 0 ? 'user root;' : ''}
  events { worker_connections 1024; }
  http {
    access_log off; keepalive_requests 1000000000;
    ${temporary.map(name => `${name}_temp_path ${directory}/${name};`).join(' ')}
    upstream app { server unix:${socket}; keepalive 64; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port} backlog=2048;
      location / {
        proxy_pass http://app; proxy_http_version 1.1;
        proxy_set_header Connection ""; proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
      }
    }
  }`

const HAPROXY = `
global
  maxconn 1000
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen app
  bind 127.0.0.1:${port}
  server app unix@${socket} ${kind === 'haproxy' ? '' : kind}
`

const children: ChildProcess[] = []

function run([name = '', ...args]: readonly string[]): void {
  children.push(spawn(name, args, { stdio: ['ignore', 'ignore', 'inherit'] }))
}

process.once('SIGTERM', () => void end())
run(command.map(word => word.replace('SOCKET', socket)))
while (!existsSync(socket)) await pause(10)
const file = join(directory, 'proxy.conf')
writeFileSync(file, kind === 'nginx' ? NGINX : HAPROXY)
run(kind === 'nginx' ? ['nginx', '-p', directory, '-c', file, '-e', 'stderr'] : ['haproxy', '-db', '-f', file])

async function end(): Promise<void> {
  const ends = children.map(child => once(child, 'exit'))
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(ends)
  rmSync(directory, { recursive: true, force: true })
}
