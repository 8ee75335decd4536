//! Reads the rows of Arrow tables (pandas, polars, pyarrow, DuckDB) through the Arrow PyCapsule
//! interface.

use std::collections::VecDeque;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, StructArray};
use arrow_schema::{ArrowError, DataType};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde_json::{Map, Number, Value};
use skiplino_directory::{Field, FieldSet, MetadataError, TextError};

use crate::arrow_stream::Batches;
use crate::errors;
use crate::json::JsonError;
use crate::row::{FieldReason, Row, field_of, reject, set_text};

/// The rows of a table.
pub(crate) struct ArrowRows {
    batches: Batches,
    /// Batches that were read before their rows are needed.
    read: VecDeque<StructArray>,
    /// The field of each column, or None for a column that is ignored.
    fields: Vec<Option<Field>>,
    batch: Option<StructArray>,
    row: usize,
}

impl ArrowRows {
    /// Opens the table of an object, if it has one.
    pub(crate) fn open(object: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let py = object.py();
        let name = intern!(py, "__arrow_c_stream__");
        if !object.hasattr(name)? {
            return Ok(None);
        }
        let capsule = object.call_method0(name)?.cast_into::<PyCapsule>()?;
        let batches = Batches::from_capsule(&capsule)?.map_err(|error| unreadable(&error))?;
        let mut fields = Vec::new();
        let mut given = FieldSet::default();
        // Columns of another type, which must not hold any value.
        let mut others = Vec::new();
        for (index, column) in batches.schema().fields().iter().enumerate() {
            let (name, kind) = (column.name(), column.data_type());
            let field = match field_of(name) {
                // pandas adds its row labels after rows were filtered or sorted.
                _ if name.starts_with("__index_level_") => None,
                Ok(field) => field,
                Err(reason) => return Err(errors::invalid(py, name, &reason.to_string())),
            };
            if let Some(field) = field {
                if !given.insert(field) {
                    return Err(errors::invalid(py, field.name(), "appears in two columns"));
                }
                if !accepts(field, kind) {
                    let advice = advice(field);
                    let reason = format!("must be a column of text, not {kind}{advice}");
                    others.push((index, field, reason));
                }
            }
            fields.push(field);
        }
        if !given.contains(Field::ExternalId) {
            let reason = "is missing: rows and customers are matched by this column";
            return Err(errors::invalid(py, Field::ExternalId.name(), reason));
        }
        let mut rows = Self {
            batches,
            read: VecDeque::new(),
            fields,
            batch: None,
            row: 0,
        };
        if !others.is_empty() {
            rows.read_all()?;
        }
        for (index, field, reason) in others {
            let mut columns = rows.read.iter().map(|batch| batch.column(index));
            if columns.any(|column| (0..column.len()).any(|row| !is_missing(column, row))) {
                return Err(errors::invalid(py, field.name(), &reason));
            }
        }
        Ok(Some(rows))
    }

    /// Reads all batches. Most tables own their batches, so that this needs no memory.
    fn read_all(&mut self) -> PyResult<()> {
        for batch in &mut self.batches {
            self.read
                .push_back(batch.map_err(|error| unreadable(&error))?);
        }
        Ok(())
    }

    pub(crate) fn next_row(&mut self) -> PyResult<Option<Row>> {
        loop {
            if let Some(batch) = &self.batch
                && self.row < batch.len()
            {
                let row = self.read_row(batch);
                self.row += 1;
                return Ok(Some(row));
            }
            self.row = 0;
            let next = self.read.pop_front().map(Ok);
            self.batch = match next.or_else(|| self.batches.next()) {
                Some(batch) => Some(batch.map_err(|error| unreadable(&error))?),
                None => return Ok(None),
            };
        }
    }

    fn read_row(&self, batch: &StructArray) -> Row {
        let mut row = Row::new();
        for (field, values) in self.fields.iter().zip(batch.columns()) {
            let Some(field) = *field else { continue };
            if is_missing(values, self.row) {
                row.set_empty(field);
                continue;
            }
            match to_json(values, self.row) {
                Ok(Value::String(text)) => set_text(&mut row, field, text),
                Ok(value) if field == Field::Metadata => row.set_metadata(value),
                // Only external ids may be numbers.
                Ok(number) => set_text(&mut row, field, number.to_string()),
                Err(reason) => reject(&mut row, field.name(), reason),
            }
        }
        row
    }
}

/// Whether a value counts as missing: a null, NaN, or a struct of such values. A column of structs
/// has such a struct in each row without an object.
fn is_missing(values: &dyn Array, row: usize) -> bool {
    let is_nan = |number: f64| number.is_nan();
    values.is_null(row)
        || match values.data_type() {
            DataType::Null => true,
            DataType::Float32 => is_nan(primitive::<Float32Type>(values, row).into()),
            DataType::Float64 => is_nan(primitive::<Float64Type>(values, row)),
            DataType::Struct(_) => {
                let mut columns = values.as_struct().columns().iter();
                columns.all(|column| is_missing(column, row))
            }
            DataType::Dictionary(..) => {
                let dictionary = values.as_any_dictionary();
                dictionary_key(values, row).is_ok_and(|key| is_missing(dictionary.values(), key))
            }
            _ => false,
        }
}

/// Whether a column of this type can hold the field.
fn accepts(field: Field, kind: &DataType) -> bool {
    match (field, kind) {
        (_, DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => true,
        (_, DataType::Dictionary(_, values)) => accepts(field, values),
        (Field::ExternalId, kind) => kind.is_integer(),
        (Field::Metadata, DataType::Struct(_) | DataType::Map(..)) => true,
        _ => false,
    }
}

fn advice(field: Field) -> &'static str {
    match field {
        Field::Metadata => "",
        // Numbers have lost their leading zeros and plus signs.
        _ => ": read it as text, as in read_csv(…, dtype=str)",
    }
}

fn unreadable(error: &ArrowError) -> PyErr {
    PyValueError::new_err(format!("the table cannot be read: {error}"))
}

/// A value of a column as JSON. Nulls of a struct are left out, because a column of structs has all
/// keys in every row.
fn to_json(values: &dyn Array, row: usize) -> Result<Value, FieldReason> {
    if values.is_null(row) {
        return Ok(Value::Null);
    }
    macro_rules! number {
        ($kind:ty) => {
            Ok(Value::from(values.as_primitive::<$kind>().value(row)))
        };
    }
    match values.data_type() {
        DataType::Null => Ok(Value::Null),
        DataType::Boolean => Ok(values.as_boolean().value(row).into()),
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float32 => float(primitive::<Float32Type>(values, row).into()),
        DataType::Float64 => float(primitive::<Float64Type>(values, row)),
        DataType::Utf8 => Ok(values.as_string::<i32>().value(row).into()),
        DataType::LargeUtf8 => Ok(values.as_string::<i64>().value(row).into()),
        DataType::Utf8View => Ok(values.as_string_view().value(row).into()),
        DataType::Dictionary(..) => {
            let key = dictionary_key(values, row)?;
            to_json(values.as_any_dictionary().values(), key)
        }
        DataType::List(_) => list(&values.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&values.as_list::<i64>().value(row)),
        DataType::ListView(_) => list(&values.as_list_view::<i32>().value(row)),
        DataType::LargeListView(_) => list(&values.as_list_view::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(&values.as_fixed_size_list().value(row)),
        DataType::Struct(_) => {
            let columns = values.as_struct();
            let mut object = Map::new();
            for (name, column) in columns.column_names().into_iter().zip(columns.columns()) {
                if column.is_null(row) || is_empty_struct(column, row) {
                    continue;
                }
                insert(&mut object, name.to_owned(), to_json(column, row)?)?;
            }
            Ok(Value::Object(object))
        }
        DataType::Map(..) => {
            let entries = values.as_map().value(row);
            let (keys, items) = (entries.column(0), entries.column(1));
            let mut object = Map::new();
            for entry in 0..entries.len() {
                let Value::String(key) = to_json(keys, entry)? else {
                    return Err(FieldReason::Json(JsonError::KeyNotStr));
                };
                insert(&mut object, key, to_json(items, entry)?)?;
            }
            Ok(Value::Object(object))
        }
        kind => Err(FieldReason::NotInJson(kind.to_string())),
    }
}

/// Whether the value is a struct that holds only nulls.
fn is_empty_struct(values: &dyn Array, row: usize) -> bool {
    matches!(values.data_type(), DataType::Null | DataType::Struct(_)) && is_missing(values, row)
}

/// Adds a field to an object. Tables may have two fields of one name.
fn insert(object: &mut Map<String, Value>, key: String, value: Value) -> Result<(), FieldReason> {
    if object.contains_key(&key) {
        return Err(TextError::from(MetadataError::DuplicateKey(key)).into());
    }
    object.insert(key, value);
    Ok(())
}

/// The place of a value in its dictionary.
fn dictionary_key(values: &dyn Array, row: usize) -> Result<usize, FieldReason> {
    let dictionary = values.as_any_dictionary();
    let key = to_json(dictionary.keys(), row)?;
    let key = key.as_u64().and_then(|key| usize::try_from(key).ok());
    key.filter(|key| *key < dictionary.values().len())
        .ok_or(FieldReason::NoDictionaryValue)
}

fn primitive<T: ArrowPrimitiveType>(values: &dyn Array, row: usize) -> T::Native {
    values.as_primitive::<T>().value(row)
}

fn float(number: f64) -> Result<Value, FieldReason> {
    let number = Number::from_f64(number);
    Ok(number.map(Value::Number).ok_or(JsonError::NotFinite)?)
}

fn list(values: &dyn Array) -> Result<Value, FieldReason> {
    let items = (0..values.len()).map(|item| to_json(values, item));
    items.collect::<Result<Vec<_>, _>>().map(Value::Array)
}
