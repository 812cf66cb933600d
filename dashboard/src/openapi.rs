//! The description of the API, made of the reports themselves.

use serde_json::{Map, Value, json};

use crate::api::ROOT;
use crate::figures::REPORTS;
use crate::report::Unit;
use crate::texts::Language;
use crate::view::{Basis, CallsBy, Compare, Dimension, NAMES, Period};

/// The document, in version 3.1 of the format.
pub fn document() -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for report in REPORTS {
        let properties: Map<String, Value> = report
            .columns
            .iter()
            .map(|column| {
                let mut schema = schema(column.unit);
                let about = column.about.unwrap_or(column.title);
                schema["description"] = json!(Language::English.say(about));
                (column.name.to_owned(), schema)
            })
            .collect();
        let names: Vec<_> = report.columns.iter().map(|column| column.name).collect();
        let row = json!({"type": "object", "properties": properties, "required": names});
        schemas.insert(report.name.to_owned(), row);
        let reference = json!({"$ref": format!("#/components/schemas/{}", report.name)});
        let answer = json!({
            "type": "object",
            "properties": {
                "report": {"type": "string"},
                "tenant": {"type": "string"},
                "time_zone": {"type": "string"},
                "currency": {"type": "string"},
                "model": {"type": "string"},
                "versus": {"type": ["string", "null"]},
                "basis": {"type": "string"},
                "first_day": {"type": "string", "format": "date"},
                "last_day": {"type": "string", "format": "date"},
                "from": {"type": "string", "format": "date-time"},
                "until": {"type": "string", "format": "date-time"},
                "rows": {"type": "array", "items": reference},
                "total": {"anyOf": [{"type": "null"}, {"type": "object"}]},
                "is_cut": {"type": "boolean", "description": "Whether there are more rows than are given"}
            }
        });
        let errors = |status: &str, about: &str| (status.to_owned(), error(about));
        let mut responses: Map<String, Value> = [
            errors(
                "400",
                "A parameter is wrong; the error names it and what is allowed",
            ),
            errors("401", "Nobody known: no token, or a wrong one"),
            errors("403", "The tenant is not the user's"),
            errors("429", "Too many requests"),
            errors("503", "ClickHouse does not answer"),
        ]
        .into_iter()
        .collect();
        let mut as_csv = responses.clone();
        responses.insert(
            "200".to_owned(),
            json!({"description": report.about, "content": {"application/json": {"schema": answer}}}),
        );
        as_csv.insert(
            "200".to_owned(),
            json!({"description": report.about, "content": {"text/csv": {"schema": {"type": "string"}}}}),
        );
        for (ending, responses) in [("", responses), (".csv", as_csv)] {
            let operation = json!({"get": {
                "summary": report.about,
                "operationId": format!("{}{}", report.name, ending.replace('.', "_")),
                "parameters": parameters(),
                "responses": responses,
            }});
            paths.insert(format!("{ROOT}/{}{ending}", report.name), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Throughline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The figures of the dashboard. Money and credit are decimal numbers in texts, with all their digits; money is in the tenant's currency. Moments are ISO 8601, UTC.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}
        },
        "security": [{"token": []}]
    })
}

fn error(about: &str) -> Value {
    json!({"description": about, "content": {"application/json": {"schema": {
        "type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]
    }}}})
}

/// What a value of a unit is in JSON.
fn schema(unit: Unit) -> Value {
    match unit {
        Unit::Text => json!({"type": ["string", "null"]}),
        Unit::List => json!({"type": "array", "items": {"type": "string"}}),
        Unit::Count => json!({"type": ["integer", "null"]}),
        Unit::Money | Unit::Credit => json!({"type": ["string", "null"], "format": "decimal"}),
        Unit::PerOne | Unit::Share | Unit::Times | Unit::Seconds => {
            json!({"type": ["number", "null"]})
        }
        Unit::Time => json!({"type": ["string", "null"], "format": "date-time"}),
        Unit::Day => json!({"type": "string", "format": "date"}),
        Unit::Flag => json!({"type": "boolean"}),
    }
}

fn parameters() -> Vec<Value> {
    let text = || json!({"type": "string"});
    let one_of = |words: Vec<&str>| json!({"type": "string", "enum": words});
    let list = || json!({"type": "array", "items": {"type": "string"}});
    let parameter = |name: &str| {
        let (schema, about) = match name {
            "tenant" => (
                text(),
                "The tenant; without it, the user's own or `default`".to_owned(),
            ),
            "period" => {
                let named = Period::NAMED.map(|period| period.to_string()).join(", ");
                (
                    text(),
                    format!("{named}, or two days such as 2026-01-01..2026-01-31; 30d without it"),
                )
            }
            "compare" => (
                one_of(Compare::ALL.iter().map(|(name, _)| *name).collect()),
                "What the period is compared with".to_owned(),
            ),
            "model" => (
                text(),
                "The attribution model; `linear` without it, if there is such".to_owned(),
            ),
            "versus" => (text(), "A second model".to_owned()),
            "basis" => (
                one_of(Basis::ALL.iter().map(|(name, _)| *name).collect()),
                "Whether credit is booked under the hour of the sale or of the touch".to_owned(),
            ),
            "level" => (
                one_of(
                    Dimension::ALL
                        .iter()
                        .map(|dimension| dimension.name())
                        .collect(),
                ),
                "What rows are told apart by".to_owned(),
            ),
            "by" => (
                one_of(CallsBy::ALL.iter().map(|(name, _)| *name).collect()),
                "What calls are told apart by".to_owned(),
            ),
            "sort" => (
                text(),
                "A column to order the rows by, the least first; with `-` before it, the greatest"
                    .to_owned(),
            ),
            "deal" => (text(), "The id of a deal".to_owned()),
            _ => (
                list(),
                "Values that are asked for, or left out; may stand there several times".to_owned(),
            ),
        };
        json!({"name": name, "in": "query", "required": false, "schema": schema, "description": about})
    };
    NAMES.iter().map(|name| parameter(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_and_parameter_is_described() {
        let document = document();
        for report in REPORTS {
            let path = format!("{ROOT}/{}", report.name);
            let get = &document["paths"][&path]["get"];
            assert_eq!(
                get["parameters"].as_array().unwrap().len(),
                NAMES.len(),
                "{path}"
            );
            let schema = &document["components"]["schemas"][report.name]["properties"];
            for column in report.columns {
                assert!(
                    schema[column.name]["type"].is_string()
                        || schema[column.name]["type"].is_array()
                );
            }
        }
    }
}
