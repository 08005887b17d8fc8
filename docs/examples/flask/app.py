"""
A Flask application, made by a factory. From this folder:

    unicorn 'app:create_app()' --workers 3
    unicorn 'app:create_app(greeting="Good evening")' --workers 3 --threads 4
"""

import os
import tempfile

from flask import Flask, Response, redirect, render_template, request, send_file, session, url_for


def create_app(greeting='Hello'):
    app = Flask(__name__)
    # The same in all processes, or a session that one has signed is none for another.
    app.secret_key = os.environ.get('SECRET_KEY', 'only-good-enough-for-an-example')
    app.config['MAX_CONTENT_LENGTH'] = 64 * 1024 * 1024

    @app.get('/')
    def index():
        return render_template('index.html', greeting=greeting, name=session.get('name', 'stranger'))

    @app.post('/name')
    def name():
        session['name'] = request.form['name']
        return redirect(url_for('index'))

    @app.post('/upper')
    def upper():
        """Answers a text file in capitals. A long one is sent by the server: this process is free at once."""
        result = tempfile.TemporaryFile()
        for line in request.files['file']:
            result.write(line.upper())
        result.seek(0)
        return send_file(result, mimetype='text/plain', download_name='upper.txt', as_attachment=True)

    @app.get('/count/<int:last>')
    def count(last):
        """Streams a line at a time."""
        return Response(('%d\n' % number for number in range(1, last + 1)), mimetype='text/plain')

    return app
