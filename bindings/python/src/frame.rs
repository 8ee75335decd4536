//! Tables that others made, through the PyCapsule interface of Arrow: of pandas, polars, pyarrow, DuckDB.

use arrow_array::cast::AsArray as _;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch, RecordBatchReader as _};
use arrow_schema::{ArrowError, DataType};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde_json::{Map, Number, Value};

use crate::errors;
use crate::sync::{Column, Row};

/// A table that is gone through row by row.
pub(crate) struct Frame {
    batches: RecordBatchStreamReader,
    /// For each column what it is; nothing for one that is passed over.
    columns: Vec<Option<Column>>,
    batch: Option<RecordBatch>,
    row: usize,
}

impl Frame {
    /// The table that an object has, if it has one.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let py = object.py();
        let name = intern!(py, "__arrow_c_stream__");
        if !object.hasattr(name)? {
            return Ok(None);
        }
        let capsule = object.call_method0(name)?.cast_into::<PyCapsule>()?;
        let batches = read(&capsule)?;
        let mut columns = Vec::new();
        for field in batches.schema().fields() {
            let (name, kind) = (field.name(), field.data_type());
            let column = match Column::of(name) {
                // pandas' row labels, which come along after rows were filtered or sorted.
                _ if name.starts_with("__index_level_") => None,
                Ok(column) => column,
                Err(reason) => return Err(errors::invalid(py, name, &reason)),
            };
            if let Some(column) = column {
                let reason = if columns.contains(&Some(column)) {
                    Some("is the name of two columns".to_owned())
                } else if !column.takes(kind) {
                    let advice = column.advice();
                    Some(format!("must be a column of texts, not {kind}{advice}"))
                } else {
                    None
                };
                if let Some(reason) = reason {
                    return Err(errors::invalid(py, column.name(), &reason));
                }
            }
            columns.push(column);
        }
        if !columns.contains(&Some(Column::ExternalId)) {
            let reason = "is what rows are told apart by, and there is no such column";
            return Err(errors::invalid(py, Column::ExternalId.name(), reason));
        }
        Ok(Some(Self {
            batches,
            columns,
            batch: None,
            row: 0,
        }))
    }

    pub(crate) fn following(&mut self) -> PyResult<Option<Row>> {
        loop {
            if let Some(batch) = &self.batch
                && self.row < batch.num_rows()
            {
                let row = self.row(batch);
                self.row += 1;
                return Ok(Some(row));
            }
            self.row = 0;
            self.batch = match self.batches.next() {
                Some(batch) => Some(batch.map_err(|error| broken(&error))?),
                None => return Ok(None),
            };
        }
    }

    fn row(&self, batch: &RecordBatch) -> Row {
        let mut row = Row::new();
        for (column, values) in self.columns.iter().zip(batch.columns()) {
            let Some(column) = *column else { continue };
            match json(values, self.row) {
                Ok(Value::Null) => {}
                Ok(Value::String(text)) if column == Column::Metadata => row.metadata_text(&text),
                Ok(value) if column == Column::Metadata => row.metadata(value),
                Ok(Value::String(text)) => row.text(column, text),
                // Whole numbers, as numbers of customers are.
                Ok(number) => row.text(column, number.to_string()),
                Err(reason) => row.spoil(column.name(), reason),
            }
        }
        row.checked()
    }
}

impl Column {
    fn takes(self, kind: &DataType) -> bool {
        match (self, kind) {
            (_, DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => true,
            (_, DataType::Dictionary(_, values)) => self.takes(values),
            (Self::ExternalId, kind) => kind.is_integer(),
            (Self::Metadata, DataType::Struct(_) | DataType::Map(..)) => true,
            _ => false,
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Metadata => "",
            // What was read as a number has lost its zeros and its plus.
            _ => ": read it as text, as in read_csv(…, dtype=str)",
        }
    }
}

fn broken(error: &ArrowError) -> PyErr {
    PyValueError::new_err(format!("the table cannot be read: {error}"))
}

/// Takes the stream out of its capsule.
#[allow(unsafe_code, reason = "the interface is a pointer to a C struct")]
fn read(capsule: &Bound<'_, PyCapsule>) -> PyResult<RecordBatchStreamReader> {
    let stream = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
    // SAFETY: a capsule of this name holds such a struct, says the interface. It is moved out of it, which leaves an empty one there.
    let reader = unsafe {
        RecordBatchStreamReader::from_raw(stream.as_ptr().cast::<FFI_ArrowArrayStream>())
    };
    reader.map_err(|error| broken(&error))
}

/// A value of a column as JSON. What is absent in a struct is left out, because columns of structs have all keys in every row.
fn json(values: &dyn Array, row: usize) -> Result<Value, String> {
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
            let dictionary = values.as_any_dictionary();
            let key = json(dictionary.keys(), row)?;
            let key = key.as_u64().and_then(|key| usize::try_from(key).ok());
            match key.filter(|key| *key < dictionary.values().len()) {
                Some(key) => json(dictionary.values(), key),
                None => Err("refers to a value that is not there".to_owned()),
            }
        }
        DataType::List(_) => list(&values.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&values.as_list::<i64>().value(row)),
        DataType::Struct(_) => {
            let columns = values.as_struct();
            let mut object = Map::new();
            for (name, column) in columns.column_names().into_iter().zip(columns.columns()) {
                let value = json(column, row)?;
                if !value.is_null() {
                    object.insert(name.to_owned(), value);
                }
            }
            Ok(Value::Object(object))
        }
        DataType::Map(..) => {
            let entries = values.as_map().value(row);
            let (keys, items) = (entries.column(0), entries.column(1));
            let mut object = Map::new();
            for entry in 0..entries.len() {
                let Value::String(key) = json(keys, entry)? else {
                    return Err("holds a key that is not a text".to_owned());
                };
                object.insert(key, json(items, entry)?);
            }
            Ok(Value::Object(object))
        }
        kind => Err(format!("holds {kind}, which JSON does not have")),
    }
}

fn primitive<T: ArrowPrimitiveType>(values: &dyn Array, row: usize) -> T::Native {
    values.as_primitive::<T>().value(row)
}

fn float(number: f64) -> Result<Value, String> {
    Number::from_f64(number)
        .map(Value::Number)
        .ok_or_else(|| "holds a number that JSON does not have".to_owned())
}

fn list(values: &dyn Array) -> Result<Value, String> {
    let items = (0..values.len()).map(|item| json(values, item));
    items.collect::<Result<Vec<_>, _>>().map(Value::Array)
}
