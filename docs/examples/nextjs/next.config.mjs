// npx next build, then as Next's own documentation has it:
// cp -r public .next/standalone/ && cp -r .next/static .next/standalone/.next/
// unicorn --workers 4 .next/standalone/server.js
export default { output: 'standalone' }
