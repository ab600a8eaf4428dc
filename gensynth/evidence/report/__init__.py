"""The report: one HTML file that needs no network and no script.

`page.write` is the public function. `element` builds HTML whose text is always escaped; `style` holds the look and the
frame, `parts` what sections are put together from, `drawing` and `plots` the SVG; `made` is what a Balancer made, and
`tables` what columns of tables look like. The sections: `opening`, `measured`, `rows`, `pictures`, `examples`, `trust`.
"""
