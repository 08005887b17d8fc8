// `npm run matrix:python`: what the users of Python install from PyPI, where the tests have what Debian packages.
// One after the other, since each brings a server with three processes.
import './django.js'
import './frameworks.js'
import './telemetry.js'
import './projects.js'
