#!/usr/bin/env python3
"""Turn files into one C source: embed.py OUT.c FILE... -> the table WEB_FILES of rpc/page.h.

A file's path under web/ is its path on the node; an index.html is its folder's. A comment
"served as NAME NAME... too" in it names more paths of that folder at which it stands."""
import os
import re
import sys

TYPES = {'.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8',
         '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml'}
SERVED_AS = re.compile(rb'<!-- served as ((?:[a-z]+\.html )+)too')
WEB = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'web')


def main(out, files):
    lines = ['/* Made by tools/embed.py from web/; do not edit. */', '#include "rpc/page.h"', '']
    rows = []
    for i, path in enumerate(files):
        with open(path, 'rb') as f:
            data = f.read()
        lines.append(f'static const unsigned char file_{i}[] = {{')
        for at in range(0, len(data), 20):
            lines.append('    ' + ''.join(f'{b},' for b in data[at:at + 20]))
        lines.append('};')
        url = '/' + os.path.relpath(os.path.abspath(path), WEB).replace(os.sep, '/').removesuffix('index.html')
        kind = TYPES[os.path.splitext(path)[1]]
        also = SERVED_AS.search(data)
        names = [name.decode() for name in also.group(1).split()] if also else []
        for at in [url, *(os.path.dirname(url) + '/' + name for name in names)]:
            rows.append(f'    {{"{at}", "{kind}", file_{i}, sizeof file_{i}}},')
    lines += ['const struct web_file WEB_FILES[] = {', *rows, '    {0},', '};', '']
    with open(out, 'w', encoding='ascii') as f:
        f.write('\n'.join(lines))


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
