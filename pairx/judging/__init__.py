"""Which explanation can be trusted: methods judged by criteria on a data set, beside controls that know nothing."""
