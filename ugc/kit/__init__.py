"""What every room stands on and that knows no domain: database, jobs, clock, storage, signing, paging, errors, logs."""
