"""What `baoda doctor` looks at, one function each. Nothing is changed, made or migrated."""

from bot.findings.finding import Finding as Finding
