import { readOptions } from './options.js'
import { runScenarios } from './run-scenarios.js'

const { scenarios, scale } = readOptions()
process.exitCode = await runScenarios(scenarios, scale)
