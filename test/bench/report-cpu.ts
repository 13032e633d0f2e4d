// Loaded into a server before its own code: says how much CPU time it has used, and ends it when the bench is gone.
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => process.exit());
