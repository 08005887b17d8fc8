import { runBenchmark } from './benchmark.js'
import { measures } from './measures/index.js'

await runBenchmark({
  command: 'npm run bench',
  description: 'Compares the server with bare node:http under node:cluster, and with PM2.',
  measures,
  full: { rounds: 7, seconds: 3 },
  page: {
    name: 'benchmarks',
    title: 'Benchmarks',
    reading: [
      '`async` and `sync` are our worker classes, `node`, `wsgi` and `fetch` the interfaces by which the application is called. `SCHED_NONE` and',
      '`SCHED_RR` are bare `node:http` servers under `node:cluster`, with the same handler and as many workers: no limits, no checks, no',
      'gateway, no supervision. `PM2` runs in its cluster mode; `@hono/node-server` and `srvx` are libraries, run in bare servers.',
      '',
      'In each round the contestants take turns in an order that changes, and their figures are compared within the round. A figure',
      'is the median over the rounds. A ratio is the median of the ratios of all rounds, with the smallest and the largest beside it.',
      'If those two lie far apart, the machine was disturbed, and a few hundredths above or below a target say nothing.',
      '',
      'Clients and servers share the machine and talk over the loopback interface. The handler does next to nothing, so the figures',
      'show what the server itself costs, at its worst: a real application spends its time elsewhere, and the differences shrink',
      'accordingly. Read them as ratios. They say nothing about another machine, a network, TLS or a database.',
    ],
    rerun: [
      '`npm run bench` measures, and writes this page and its charts. It needs Linux, `wrk`, and npm, which installs PM2 into `.cache`',
      'the first time. `npm run bench -- --quick` runs one short round, in about a minute, and writes nothing. `--only keep-alive,spread`',
      'picks measures, `--rounds` and `--seconds` set their size, and `--strict` fails if a target is not met.',
    ],
  },
})
