"""From runs to rows, verdicts and a gate, without a table or a picture."""
