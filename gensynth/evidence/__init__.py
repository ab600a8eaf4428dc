"""Did it help, does it harm: of methods (`compare`), of policies (`policies`), of made rows (`fidelity`, `privacy`)."""
