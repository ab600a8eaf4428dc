"""Did it help? Methods against nothing, a moved threshold and class weights, on folds that no method saw.

`run` is the public function; `folds` cuts rows, `arms` says what each method does to the rows of training, `learners`
who learns from them, `trial` is one fold of one arm, `figures` what is measured of it, `intervals` how sure that is,
`result` holds it all, and `verdict` puts it into words by rules that are stated there.
"""
