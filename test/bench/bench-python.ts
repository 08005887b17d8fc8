import { runBenchmark } from './benchmark.js'
import { Field } from './python/field.js'
import { measuresOf } from './python/measures.js'

const field = new Field()

await runBenchmark({
  command: 'npm run bench:python',
  description: 'Compares the server with Gunicorn, uWSGI, Granian and Uvicorn, serving applications in Python.',
  measures: measuresOf(field),
  full: { rounds: 7, seconds: 3 },
  prepare: bench => field.prepare(bench),
  page: {
    name: 'benchmarks-python',
    title: 'Benchmarks of Python',
    reading: [
      'Every server has the same Python, the same packages and as many processes, and writes no access log. `unicorn` has one front',
      'and its Python processes; `gthread` is Gunicorn with 4 threads in each process (under mixed load with 1, as the others have).',
      'uWSGI closes each connection after its answer, as Gunicorn sync does; its HTTP router keeps them. Granian has one thread in',
      'each process.',
      '',
      'In each round the contestants take turns in an order that changes, and their figures are compared within the round. A figure',
      'is the median over the rounds. A ratio is the median of the ratios of all rounds, with the smallest and the largest beside it;',
      '"the better of Gunicorn" is sync or gthread, whichever had the better figure in that round. If smallest and largest lie far',
      'apart, the machine was disturbed.',
      '',
      'CPU is that of all processes of a server, master and router included, for one request. Clients and servers share the machine',
      'and talk over the loopback interface, so requests per second are those beside a client that takes its own part of the CPU.',
      'They say nothing about another machine, a network, TLS or another database.',
    ],
    rerun: [
      '`npm run bench:python` measures, and writes this page and its charts. It needs Linux, `wrk`, and `/usr/bin/python3` with',
      '`venv`: the first time, pip installs the releases above into `.cache`. Without a network the packages of the system are',
      'compared (`apt-get install python3-django gunicorn`), as with `BENCH_PYTHON=/usr/bin/python3`. uWSGI is `apt-get install',
      'uwsgi-core uwsgi-plugin-python3`. What is missing takes no part, and the page says so. `--quick` runs one short round and',
      'writes nothing, `--only django,memory` picks measures, `--rounds` and `--seconds` set their size, and `--strict` fails if a',
      'target is not met.',
    ],
  },
})
