#!/bin/sh
# Imports rows/COMPANY.csv of each company, with the key in keys/COMPANY and the address in
# urls/COMPANY. Rows that failed are in failed/COMPANY.csv. For a crontab:
# 0 2 * * * cd /srv/queues && ./nightly.sh
mkdir -p failed
failed=
for rows in rows/*.csv; do
    company=$(basename "$rows" .csv)
    # --resume continues where the last night stopped; without a checkpoint it begins anew.
    skiplino customers import "$rows" --resume --rate 20 --report "failed/$company.csv" \
        --api-key-file "keys/$company" --base-url "$(cat "urls/$company")" || failed="$failed $company"
done
[ -z "$failed" ] || { echo "not complete:$failed" >&2 && exit 1; }
