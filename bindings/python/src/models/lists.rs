//! Pages of lists.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::{ToPython, hash, list, record};

record! {
    /// The position of a page in its list.
    Pagination(skiplino::Pagination) {
        /// The number of records in the list.
        #[getter]
        fn total(&self) -> u64 {
            self.0.total()
        }

        /// The number of pages in the list.
        #[getter]
        fn total_pages(&self) -> u64 {
            self.0.total_pages()
        }

        /// Whether there is a next page.
        #[getter]
        fn has_next_page(&self) -> bool {
            self.0.has_next_page()
        }

        /// Whether there is a previous page.
        #[getter]
        fn has_prev_page(&self) -> bool {
            self.0.has_prev_page()
        }

        /// The number of this page, from 1.
        #[getter]
        fn page(&self) -> Option<u64> {
            self.0.page()
        }

        /// The maximum number of records per page.
        #[getter]
        fn limit(&self) -> Option<u64> {
            self.0.limit()
        }

        fn __hash__(&self) -> u64 {
            hash((self.0.total(), self.0.page()))
        }

        fn __repr__(&self) -> String {
            format!("Pagination(total={}, total_pages={})", self.0.total(), self.0.total_pages())
        }
    }
}

/// One page of a list: its records and its position.
#[pyclass(frozen, sequence, generic, module = "skiplino._native")]
pub(crate) struct Page {
    /// The records of the page.
    #[pyo3(get)]
    items: Py<PyTuple>,
    /// The position of the page in its list.
    #[pyo3(get)]
    pagination: Py<Pagination>,
}

#[pymethods]
impl Page {
    // For unpickling.
    #[new]
    fn new(items: Py<PyTuple>, pagination: Py<Pagination>) -> Self {
        Self { items, pagination }
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.items.bind(py).len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.items.bind(py).try_iter()?.into_any())
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.items.bind(py).get_item_of(index)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<bool> {
        let other = other.get();
        Ok(self.pagination.get().0 == other.pagination.get().0
            && self.items.bind(py).eq(other.items.bind(py))?)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let total = self.pagination.get().0.total();
        format!("Page({} of {total} records)", self.__len__(py))
    }

    /// The page as `{"items", "pagination"}`, in the API's JSON.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let items = PyList::empty(py);
        for item in self.items.bind(py) {
            items.append(item.call_method0("to_dict")?)?;
        }
        let page = PyDict::new(py);
        page.set_item("items", items)?;
        page.set_item(
            "pagination",
            self.pagination.bind(py).call_method0("to_dict")?,
        )?;
        Ok(page)
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> (Bound<'py, PyAny>, (Py<PyTuple>, Py<Pagination>)) {
        let (py, page) = (slf.py(), slf.get());
        let parts = (page.items.clone_ref(py), page.pagination.clone_ref(py));
        (slf.get_type().into_any(), parts)
    }
}

/// Access by index or slice, as in a tuple.
trait GetItemOf<'py> {
    fn get_item_of(&self, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>;
}

impl<'py> GetItemOf<'py> for Bound<'py, PyTuple> {
    fn get_item_of(&self, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.as_any().get_item(index)
    }
}

impl<T: ToPython> ToPython for skiplino::Page<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let pagination = Py::new(py, Pagination(self.pagination().clone()))?;
        let items = list(py, self.into_items())?.to_tuple().unbind();
        Py::new(py, Page { items, pagination }).map(Py::into_any)
    }
}
