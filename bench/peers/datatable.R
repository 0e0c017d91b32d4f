# The peer of bench/peers.sh in R, data.table: Rscript datatable.R ROWS.csv ANSWERS.csv
suppressMessages(library(data.table))
setDTthreads(0)
files <- commandArgs(TRUE)
now <- function() 1000 * proc.time()[["elapsed"]]

start <- now()
fact <- fread(files[1], col.names = c("team", "metric", "agent", "value", "target"))
ready <- now()

fact[, gap := value - target]
agents <- fact[, .(n = .N, mean = mean(gap), v = var(gap)), by = .(team, metric, agent)]
answer <- agents[, {
	total <- sum(n)
	within <- sum((n - 1) * v) / (total - .N)
	ms <- sum(n * (mean - sum(n * mean) / total)^2) / (.N - 1)
	.(between = (ms - within) / ((total - sum(as.numeric(n)^2) / total) / (.N - 1)), within = within, f = ms / within)
}, by = .(team, metric)]
cat(sprintf("read %.0f\ncompute %.0f\n", ready - start, now() - ready))
fwrite(answer, files[2], col.names = FALSE)
