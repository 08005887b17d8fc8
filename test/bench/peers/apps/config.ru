# The same small answer by Rack.
run ->(_env) { [200, { 'Content-Type' => 'text/plain', 'Content-Length' => '13' }, ['Hello, world!']] }
