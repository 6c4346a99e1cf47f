"""All benchmarks, one after the other."""

from tests.benchmarks import command_line, documents, identity, live, publishing

for benchmark in (command_line, identity, live, publishing, documents):
    print(f"{benchmark.__name__.rpartition('.')[2]}: {(benchmark.__doc__ or '').splitlines()[0]}")
    benchmark.main()
