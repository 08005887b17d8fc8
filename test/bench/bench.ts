import { runBenchmark } from './benchmark.js'
import { measuresOf } from './measures/index.js'
import { Peers } from './peers/peers.js'

const peers = new Peers()

await runBenchmark({
  command: 'npm run bench',
  description: 'Compares the server with bare node:http, and with servers of Node, Bun, Python, Ruby and C.',
  measures: measuresOf(peers),
  full: { rounds: 4, seconds: 1 },
  prepare: bench => peers.prepare(bench),
  page: {
    name: 'benchmarks',
    title: 'Benchmarks',
    reading: [
      '`async` and `sync` are our worker classes, `node`, `wsgi` and `fetch` the interfaces by which the application is called. `wsgi native` is',
      "our own HTTP engine (`--http-engine native`), `wsgi node` the same on Node's. `SCHED_NONE` and `SCHED_RR` are bare `node:http` servers",
      'under `node:cluster`, with the same handler and as many workers: no limits, no checks, no gateway, no supervision.',
      '',
      'nginx answers by `return 200`, without an application: it shows what the kernel leaves to gain. `Bun.serve` has the same fetch application',
      'as ours. `@hono/node-server`, `srvx` and Fastify are libraries, run in bare servers. PM2 is in its cluster mode; the workers of Watt are',
      'threads. Gunicorn has 4 threads in each worker, Puma 5; uWSGI and Ruby Unicorn close each connection after its answer.',
      '',
      'In each round the contestants take turns in an order that changes, and their figures are compared within the round. A figure',
      'is the median over the rounds. A ratio is the median of the ratios of all rounds, with the smallest and the largest beside it.',
      'If those two lie far apart, the machine was disturbed, and a few hundredths above or below a target say nothing.',
      '',
      'CPU is the time of all threads of all processes of a server for one request, by the scheduler. The quickest servers wait for wrk, and',
      'a disturbed machine has fewer requests for everybody; CPU time shows what they cost all the same. A target of 1.6 times the speed of',
      'a bare server is one of 0.62 times its CPU time. Memory is that of all processes (Rss), under load.',
      '',
      'Clients and servers share the machine and talk over the loopback interface. The handler does next to nothing, so the figures',
      'show what the server itself costs, at its worst: a real application spends its time elsewhere, and the differences shrink',
      'accordingly. Read them as ratios. They say nothing about another machine, a network or a database.',
    ],
    rerun: [
      '`npm run bench` measures, and writes this page and its charts, in less than 25 minutes. It needs Linux and `wrk`. npm installs PM2, Bun and',
      'Watt, with the Node 24 that it needs, into `.cache` the first time, and uWebSockets.js if GitHub is reached, since npm does not have it.',
      'The others are packages of Debian: `apt-get install nginx slowhttptest gunicorn uwsgi-core uwsgi-plugin-python3 puma unicorn`. The last',
      'one is Ruby Unicorn. Gunicorn is that of `npm run bench:python`, if it was installed. What is missing takes no part, and the page says so.',
      '`npm run bench -- --quick` runs one short round, in a few minutes, and writes nothing. `--only hello,spread` picks measures, `--rounds`',
      'and `--seconds` set their size, and `--strict` fails if a target is not met. On a machine with one CPU nothing is pinned.',
    ],
  },
})
