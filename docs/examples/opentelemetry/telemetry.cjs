// For CommonJS applications: unicorn --workers 4 --env NODE_OPTIONS='--require ./telemetry.cjs' server.cjs
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')

/** Writes a line for each span, with the pid of its worker. A real application sends spans: use OTLPTraceExporter. */
class LineExporter {
  export(spans, done) {
    for (const span of spans) process.stderr.write(`${JSON.stringify(lineOf(span))}\n`)
    done({ code: 0 })
  }

  async shutdown() {}
}

function lineOf(span) {
  const { name, kind, attributes, parentSpanContext } = span
  const { traceId, spanId } = span.spanContext()
  return { span: name, kind, traceId, spanId, parentSpanId: parentSpanContext?.spanId, pid: process.pid, attributes }
}

const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new LineExporter())] })
provider.register()
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] })

module.exports = { provider }
