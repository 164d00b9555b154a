module stackgen.local/certificate

go 1.25.0
