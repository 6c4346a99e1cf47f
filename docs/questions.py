"""Three questions of a historian, answered from the tables: a marimo notebook.

Open it with `make notebook`, or `marimo edit docs/questions.py -- --warehouse FOLDER`. It writes nothing.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Three questions to the listings")

with app.setup:
    import os

    import marimo as mo
    import pandas as pd
    import vl_convert

    import wcda
    from schemas.dates import find_date


@app.function
def shown(table):
    """A table of the app; where no app runs, which `questions_page.py` is for, its first rows as plain HTML."""
    if mo.running_in_notebook():
        return table
    kept = [name for name in table.data.columns if name not in ("_marimo_row_id", "left_id", "right_id")]
    first = table.data[kept].head(100).astype(object)
    html = first.where(first.notna(), "").to_html(index=False, render_links=True, border=0)
    more = len(table.data) - 100
    return mo.Html(html + (f"<p>{more:,} more rows are in the app.</p>" if more > 0 else ""))


@app.cell
def _():
    path = mo.cli_args().get("warehouse") or os.environ.get("WCDA_WAREHOUSE") or "warehouse/data/samples"
    return (path,)


@app.cell
def _(path):
    w = wcda.open_warehouse(path)
    mo.md(f"""
    # Three questions to the listings

    From snapshot `{w.snapshot_id}` of `{path}`: {len(w.documents):,} documents in {len(w.collections):,} collections.
    What is asked here is asked of the *listings*: of what the archive chose to publish and how it dated it, as far as
    it was read. Where a collection was not read whole, the answers say so.
    """)
    return (w,)


@app.cell
def _(w):
    ids = w.collections["collection_id"]
    names = w.collections["name"].fillna(ids)
    labels = names.where(~names.duplicated(keep=False), names + " · " + ids)  # the id only where names are the same
    by_size = w.collections.assign(name=labels).sort_values("observed_total", ascending=False)
    themes = by_size[by_size["kind"] != "all"]  # the whole archive is no theme: it shares every document with each
    collection = mo.ui.dropdown(
        options=dict(zip(by_size["name"], by_size["collection_id"], strict=True)),
        value=themes["name"].iloc[0] if len(themes) else None,
        label="Collection",
    )
    mo.vstack(
        [
            mo.md("""
            ## 1. Which years does a collection cover, and is a gap one of the collection or of our reading?

            A document counts as *dated to* a year if its date lies in that year alone and is not qualified. One whose
            date spans several years, or is qualified (circa, early, ?), *may* belong to each year that it names.
            """),
            collection,
        ]
    )
    return by_size, collection, themes


@app.cell
def _(w):
    def years_of(collection_id: str) -> pd.DataFrame:
        """One row for each year from the first to the last: documents dated to it, and those that may belong to it."""
        dated = w.documents_of(collection_id).dropna(subset=["date_start", "date_end"])
        first, last = dated["date_start"].dt.year.astype(int), dated["date_end"].dt.year.astype(int)
        sure = (first == last) & ~dated["date_approximate"].astype(bool)
        years = pd.RangeIndex(first[sure].min(), first[sure].max() + 1) if sure.any() else pd.RangeIndex(0)
        spans = list(zip(first[~sure], last[~sure], strict=True))
        return pd.DataFrame(
            {
                "year": years,
                "dated": first[sure].value_counts().reindex(years, fill_value=0).to_numpy(),
                "possible": [sum(begin <= year <= end for begin, end in spans) for year in years],
            }
        )

    def gaps_of(collection_id: str) -> pd.DataFrame:
        """One row for each run of years to which no document is dated, and what can be said of it."""
        years = years_of(collection_id)
        (stated,) = w.collections[w.collections["collection_id"] == collection_id].to_dict("records")
        members = w.documents_of(collection_id)
        undated = int((members["date_start"].isna() | members["date_end"].isna()).sum())
        empty = years[years["dated"] == 0]
        runs = empty.groupby((empty["year"].diff() != 1).cumsum())
        gaps = runs.agg(first=("year", "min"), last=("year", "max"), possible=("possible", "max"))
        verdicts = [verdict(stated, undated, possible) for possible in gaps["possible"]]
        return gaps.assign(verdict=verdicts).reset_index(drop=True)

    def verdict(stated: dict, undated: int, possible: int) -> str:
        """What a gap is one of, given what the archive states of the collection and what was seen of it."""
        if not stated["complete"]:
            held = stated["reported_total"]
            unseen = f"{held - stated['observed_total']} of {held}" if pd.notna(held) else "an unknown number of"
            return f"not known: {unseen} documents were not seen"
        doubts = [f"{possible} of uncertain date may belong here"] if possible else []
        doubts += [f"{undated} have no date"] if undated else []
        return "; ".join(["the collection has none dated to these years", *doubts])

    return gaps_of, years_of


@app.cell
def _(collection, gaps_of, w, years_of):
    mo.stop(collection.value is None, mo.md("There is no collection."))
    (asked,) = w.collections[w.collections["collection_id"] == collection.value].to_dict("records")
    years = years_of(collection.value)
    bars = years.melt("year", ["dated", "possible"], "certainty", "documents")
    # A label for every so many years, and never more than there is room for.
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100, 1000) if len(years) <= 16 * each)
    axis = {"values": [year for year in years["year"].tolist() if year % step == 0], "labelAngle": 0}
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": bars.to_dict("records")},
        "width": 640,
        "height": 180,
        "mark": "bar",
        "encoding": {
            "x": {"field": "year", "type": "ordinal", "axis": axis},
            "y": {"field": "documents", "type": "quantitative"},
            "color": {"field": "certainty", "scale": {"range": ["#1b5e8c", "#c9a227"]}},
        },
    }
    mo.vstack(
        [
            mo.md(
                f"{collection.selected_key}: {asked['observed_total']} of {asked['reported_total']} documents were "
                f"seen; it was {'read whole' if asked['complete'] else 'not read whole'}."
            ),
            mo.Html(vl_convert.vegalite_to_svg(chart)),
            mo.md("**Years between the first and the last to which no document is dated**"),
            shown(mo.ui.table(gaps_of(collection.value), selection=None, format_mapping={"first": str, "last": str})),
            mo.md("""
            Even of a collection that was read whole, a gap is one of the *collection*: of what was found, declassified,
            translated and published. That nothing happened, no listing can say.
            """),
        ]
    )
    return


@app.cell
def _(w):
    def compare_dates() -> pd.DataFrame:
        """One row for each document with both dates; `days` from the date in the title to that of the record.

        0 if the two can be one; else the least number of days that can lie between, negative if the record is earlier.
        """
        both = w.documents.dropna(subset=["title_date_edtf", "date_start", "date_end"])
        found = [find_date(title) for title in both["title"]]
        ends = {"start": [one.start for one in found], "end": [one.end for one in found]}
        title = pd.DataFrame(ends, both.index, dtype="datetime64[ms]")
        later = (both["date_start"].astype("datetime64[ms]") - title["end"]).dt.days
        earlier = (title["start"] - both["date_end"].astype("datetime64[ms]")).dt.days
        days = later.clip(lower=0) - earlier.clip(lower=0)
        columns = ["document_id", "days", "date_text", "title_date_edtf", "title", "url"]
        return both.assign(days=days)[columns].dropna(subset=["days"]).astype({"days": int}).reset_index(drop=True)

    compared = compare_dates()
    disagreeing = compared[compared["days"] != 0].sort_values("days", key=abs, ascending=False, ignore_index=True)
    kinds = pd.cut(
        compared["days"],
        [-float("inf"), -1, 0, 31, 366, float("inf")],
        labels=["record earlier", "no contradiction", "record up to a month later", "up to a year", "more than a year"],
    )
    by_kind = kinds.value_counts(sort=False).rename_axis("difference").reset_index(name="documents")
    mo.vstack(
        [
            mo.md(f"""
            ## 2. Where do the date of the record and the date in its title disagree, and by how much?

            {len(compared):,} of {len(w.documents):,} documents have both; {len(disagreeing):,} of them disagree. A
            record that is a few days later often has the day on which a conversation was written down, while the title
            names the day on which it took place. A date that is years away is likely that of the subject. A record that
            is earlier than its title is worth a look at the document itself; and what stands in a title without day or
            month may be a number and no year. Neither date is corrected by the other in the tables.
            """),
            shown(mo.ui.table(by_kind, selection=None)),
            shown(mo.ui.table(disagreeing, selection=None, wrapped_columns=["title"])),
        ]
    )
    return by_kind, compared, disagreeing


@app.cell
def _(themes, w):
    def connections() -> pd.DataFrame:
        """Pairs of collections that share documents, and how many they would share by chance, if both were read whole.

        By chance: if each were drawn from all documents without regard to the other. `times` says how many times more.
        """
        whole = themes.set_index("collection_id")["complete"].astype(bool)
        pairs = w.overlaps()
        pairs = pairs[pairs["left_id"].isin(whole.index) & pairs["right_id"].isin(whole.index)]
        known = pairs["left_id"].map(whole).astype(bool) & pairs["right_id"].map(whole).astype(bool)
        by_chance = (pairs["left_total"] * pairs["right_total"] / len(w.documents)).where(known)
        return pd.DataFrame(
            {
                "times": (pairs["shared"] / by_chance).round(1),
                "shared": pairs["shared"],
                "left": pairs["left_id"].map(themes.set_index("collection_id")["name"]),
                "right": pairs["right_id"].map(themes.set_index("collection_id")["name"]),
                "by_chance": by_chance.round(1),
                "at_least": ~known,
                **pairs[["left_total", "right_total", "left_id", "right_id"]],
            }
        ).reset_index(drop=True)

    def connecting(left_id: str, right_id: str) -> pd.DataFrame:
        """The documents that two collections share, with their place in the listing of each."""
        left = w.documents_of(left_id)[["document_id", "date_text", "title", "url", "rank"]]
        right = w.documents_of(right_id)[["document_id", "rank"]]
        return left.merge(right, on="document_id", suffixes=("_left", "_right"))

    connected = connections()
    pair = mo.ui.table(
        connected,
        selection="single",
        initial_selection=[0] if len(connected) else None,
        hidden_columns=["left_id", "right_id"],
        wrapped_columns=["left", "right"],
    )
    mo.vstack(
        [
            mo.md("""
            ## 3. Which documents connect two collections?

            A document that two collections list is where two themes, people or places meet. Of collections that were
            not read whole the number is the least that it can be. Two large collections share many documents by chance
            alone: `times` says how many times as many these two share. Choose a pair to see its documents.
            """),
            shown(pair),
        ]
    )
    return connected, connecting, pair


@app.cell
def _(connecting, pair):
    mo.stop(not len(pair.value), mo.md("No two collections share a document."))
    chosen = pair.value.iloc[0]
    mo.vstack(
        [
            mo.md(f"Listed in both {chosen['left']} and {chosen['right']}:"),
            shown(
                mo.ui.table(
                    connecting(chosen["left_id"], chosen["right_id"]), selection=None, wrapped_columns=["title"]
                )
            ),
        ]
    )
    return


if __name__ == "__main__":
    app.run()
