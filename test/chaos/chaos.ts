import { runScenarios } from '../soak/run-scenarios.js'
import { readOptions } from './options.js'

const { scenarios, scale } = readOptions()
process.exitCode = await runScenarios(scenarios, scale)
